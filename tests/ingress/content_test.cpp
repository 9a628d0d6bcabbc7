// The bytes of assets: ranges, validators, and what a browser may do with them.
#include "api_fixture.hpp"
#include "ingress/request_headers.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

class ContentTest : public ApiTest {
 protected:
  ContentTest() {
    gateway_.asset_row = sample_asset();
    gateway_.blobs[sha256("0123456789")] = "0123456789";
  }
  Answered content(Headers headers = {}, std::string method = "GET") {
    return send(std::move(method), std::string("/v1/assets/") + kOtherUuid + "/content", {}, std::move(headers));
  }
  const std::string etag_ = "\"" + to_hex(sha256("0123456789")) + "\"";
};

TEST_F(ContentTest, AllOfItComesWithItsValidatorAndType) {
  const auto answer = content();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "0123456789");
  EXPECT_EQ(answer.header("ETag"), etag_);
  EXPECT_EQ(answer.header("Content-Type"), "image/png");
  EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
}

TEST_F(ContentTest, OneRangeIsSentAlone) {
  const std::tuple<const char*, const char*, const char*> table[] = {
      {"bytes=0-3", "0123", "bytes 0-3/10"}, {"bytes=4-", "456789", "bytes 4-9/10"},
      {"bytes=-3", "789", "bytes 7-9/10"},   {"bytes=-100", "0123456789", "bytes 0-9/10"},
      {"bytes=9-9", "9", "bytes 9-9/10"},    {"bytes=8-99999999999999999999999", "89", "bytes 8-9/10"},
      {"Bytes= 0-0", "0", "bytes 0-0/10"}};
  for (const auto& [range, body, shown] : table) {
    const auto answer = content({{"range", range}});
    EXPECT_EQ(answer.status, 206) << range;
    EXPECT_EQ(answer.body, body) << range;
    EXPECT_EQ(answer.header("Content-Range"), shown) << range;
  }
}

TEST_F(ContentTest, RangesThatAreNotUnderstoodCountAsAbsent) {
  for (const char* range :
       {"bytes=0-1,3-4", "items=0-1", "bytes=5-4", "bytes=-", "bytes=x-y", "bytes", "", "bytes=1-2-3"})
    EXPECT_EQ(content({{"range", range}}).status, 200) << range;
}

TEST_F(ContentTest, ARangeOutsideIs416AndTellsTheSize) {
  for (const char* range : {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"}) {
    const auto answer = content({{"range", range}});
    EXPECT_EQ(answer.status, 416) << range;
    EXPECT_EQ(answer.code(), "range_not_satisfiable");
    EXPECT_EQ(answer.header("Content-Range"), "bytes */10");
  }
}

TEST_F(ContentTest, IfRangeKeepsAPartFromBeingJoinedToOtherContent) {
  EXPECT_EQ(content({{"range", "bytes=0-1"}, {"if-range", etag_}}).status, 206);
  EXPECT_EQ(content({{"range", "bytes=0-1"}, {"if-range", "\"other\""}}).status, 200);
  EXPECT_EQ(content({{"range", "bytes=0-1"}, {"if-range", "W/" + etag_}}).status, 200);
}

TEST_F(ContentTest, WhatTheClientHasIsNotSentAgain) {
  for (const std::string& tags : {etag_, "W/" + etag_, "\"x\", " + etag_, std::string("*")}) {
    const auto answer = content({{"if-none-match", tags}, {"range", "bytes=0-1"}});
    EXPECT_EQ(answer.status, 304) << tags;
    EXPECT_EQ(answer.header("ETag"), etag_);
    EXPECT_EQ(answer.body, "");
  }
  EXPECT_EQ(gateway_.calls, 0);
  EXPECT_EQ(content({{"if-none-match", "\"x\""}}).status, 200);
}

TEST_F(ContentTest, HeadTellsTheWholeWhateverTheRange) {
  EXPECT_EQ(content({{"range", "bytes=0-1"}}, "HEAD").status, 200);
}

TEST_F(ContentTest, OnlyWhatCannotRunScriptsIsShownInThePage) {
  EXPECT_EQ(content().header("Content-Disposition"),
            "inline; filename=\"poster 1.png\"; filename*=UTF-8''poster%201.png");
  EXPECT_EQ(content().header("Content-Security-Policy"), "default-src 'none'; sandbox");
  for (const char* type : {"text/html", "image/svg+xml", "application/xml", "text/html; charset=utf-8"}) {
    gateway_.asset_row.media_type = type;
    EXPECT_TRUE(content().header("Content-Disposition").starts_with("attachment;")) << type;
  }
}

TEST_F(ContentTest, AFileNameCannotLeaveItsHeader) {
  gateway_.asset_row.name = "a\"\r\nSet-Cookie: x=1;ß";
  const std::string value = content().header("Content-Disposition");
  EXPECT_EQ(value,
            "inline; filename=\"a___Set-Cookie_ x_1___\"; "
            "filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x%3D1%3B%C3%9F");
  gateway_.asset_row.media_type = "text/plain\r\nX: y";
  EXPECT_EQ(content().header("Content-Type"), "application/octet-stream");
}

TEST_F(ContentTest, AnAssetIsShownAsTheContractSays) {
  const auto asset = get(std::string("/v1/assets/") + kOtherUuid).json();
  EXPECT_EQ(asset["status"], "pending");
  EXPECT_EQ(asset["url"], std::string("/v1/assets/") + kOtherUuid + "/content");
  EXPECT_EQ(asset["sha256"], to_hex(sha256("0123456789")));
  EXPECT_EQ(asset["width"], 64);
  EXPECT_EQ(asset["notes"], nullptr);
}

TEST_F(ContentTest, AThumbnailIsAPngWithAValidator) {
  const auto answer = get(std::string("/v1/assets/") + kOtherUuid + "/thumbnail");
  EXPECT_EQ(answer.header("Content-Type"), "image/png");
  EXPECT_EQ(
      get(std::string("/v1/assets/") + kOtherUuid + "/thumbnail", {{"if-none-match", answer.header("ETag")}}).status,
      304);
}

}  // namespace
}  // namespace troupe::ingress
