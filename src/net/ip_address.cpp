#include "net/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace troupe {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

IpAddress from_v4(const void* four_bytes) {
  IpAddress address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + 12, four_bytes, 4);
  return address;
}

IpAddress from_v6(const in6_addr& v6) {
  IpAddress address;
  std::memcpy(address.bytes.data(), v6.s6_addr, 16);
  return address;
}

bool starts_with(const IpAddress& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.bytes.begin());
}

}  // namespace

bool IpAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

std::optional<IpAddress> parse_address(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  in_addr v4;
  if (inet_pton(AF_INET, plain.c_str(), &v4) == 1) return from_v4(&v4);
  in6_addr v6;
  if (inet_pton(AF_INET6, plain.c_str(), &v6) == 1) return from_v6(v6);
  return std::nullopt;
}

std::optional<IpAddress> parse_host_address(std::string_view text) {
  if (auto address = parse_address(text)) return address;
  // inet_aton reads up to the first space and ignores the rest.
  if (text.empty() || text.find_first_not_of("0123456789abcdefABCDEFxX.") != text.npos) return std::nullopt;
  in_addr v4;
  if (inet_aton(std::string(text).c_str(), &v4) == 0) return std::nullopt;
  return from_v4(&v4);
}

std::optional<IpAddress> address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return from_v4(&v4.sin_addr);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    return from_v6(v6.sin6_addr);
  }
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  if (address.is_v4())
    inet_ntop(AF_INET, address.bytes.data() + 12, text, sizeof text);
  else
    inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

std::optional<IpAddress> embedded_v4(const IpAddress& address) {
  const auto* bytes = address.bytes.data();
  if (address.is_v4()) return std::nullopt;
  if (starts_with(address, {0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return from_v4(bytes + 12);  // NAT64
  if (starts_with(address, {0x20, 0x02})) return from_v4(bytes + 2);                                       // 6to4
  if (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0})) return from_v4(bytes + 12);        // translated
  const bool isatap = (bytes[8] & 0xFD) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE;
  if (isatap) return from_v4(bytes + 12);
  const bool compatible = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) && (bytes[12] | bytes[13]) != 0;
  if (compatible) return from_v4(bytes + 12);
  return std::nullopt;
}

bool Cidr::contains(const IpAddress& address) const {
  for (unsigned bit = 0; bit < bits; bit += 8) {
    const unsigned left = std::min(8U, bits - bit);
    const auto mask = static_cast<std::uint8_t>(0xFF00U >> left);
    if ((address.bytes[bit / 8] ^ base.bytes[bit / 8]) & mask) return false;
  }
  return true;
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = parse_address(text.substr(0, slash));
  if (!base || text.find('%') != text.npos) return std::nullopt;
  Cidr network{*base, 128};
  if (slash == text.npos) return network;

  const std::string_view length = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size() || bits > (base->is_v4() ? 32U : 128U))
    return std::nullopt;
  network.bits = base->is_v4() ? bits + 96 : bits;
  for (unsigned bit = network.bits; bit < 128; ++bit)
    if (base->bytes[bit / 8] & (0x80U >> (bit % 8))) return std::nullopt;
  return network;
}

}  // namespace troupe
