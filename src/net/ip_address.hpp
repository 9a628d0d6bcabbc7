// IP addresses and networks (CIDR), as the egress policy compares them. Pure values; no name is resolved here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace troupe {

/// An IPv4 or IPv6 address. IPv4 is kept in its IPv4-mapped form (::ffff:a.b.c.d), so that one comparison serves both
/// and the mapped form can never be a way around a rule about IPv4.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool operator==(const IpAddress&) const = default;
};

/// The usual forms only: four decimal numbers, or IPv6 (a zone after % is dropped).
std::optional<IpAddress> parse_address(std::string_view text);
/// Also the forms that inet_aton takes for a host: 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1.
std::optional<IpAddress> parse_host_address(std::string_view text);
/// Of AF_INET and AF_INET6; nothing for other families.
std::optional<IpAddress> address_of(const sockaddr& address);
std::string to_string(const IpAddress& address);

/// The IPv4 address that an IPv6 transition form carries: NAT64, 6to4, IPv4-compatible, IPv4-translated, ISATAP.
std::optional<IpAddress> embedded_v4(const IpAddress& address);

/// A network: the addresses that share the first `bits` bits with `base`.
struct Cidr {
  IpAddress base;
  unsigned bits = 128;  ///< of the 128 of the mapped form: 10.0.0.0/8 has 104

  bool contains(const IpAddress& address) const;
};
/// `10.0.0.0/8`, `fd00::/8`, or one address. Bits beyond the prefix must be zero: `10.1.0.0/8` is more likely a typo.
std::optional<Cidr> parse_cidr(std::string_view text);

}  // namespace troupe
