#include "actors/worker/secret_mask.hpp"

#include <gtest/gtest.h>

#include <random>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

const std::string kValue = "p\"ä ss/w&rd";

TEST(SecretMask, HidesAValueInEveryShapeItPromises) {
  const SecretMask mask({kValue});
  const struct {
    const char* what;
    std::string text, shown;
  } rows[] = {
      {"as it is", "a " + kValue + " b " + kValue, "a *** b ***"},
      {"in JSON", R"({"x":"p\"ä ss/w&rd"})", R"({"x":"***"})"},
      {"in JSON of ASCII", R"({"x":"p\"\u00e4 ss/w&rd"})", R"({"x":"***"})"},
      {"percent-encoded", "?t=p%22%C3%A4%20ss%2Fw%26rd&x", "?t=***&x"},
      {"percent-encoded, lower case", "?t=p%22%c3%a4%20ss%2fw%26rd&x", "?t=***&x"},
      {"of a form", "t=p%22%C3%A4+ss%2Fw%26rd", "t=***"},
      {"nothing", "pass word", "pass word"},
  };
  for (const auto& row : rows) EXPECT_EQ(mask.text(row.text), row.shown) << row.what;
}

TEST(SecretMask, HidesAValueWhoseLettersCameBackInAnotherCase) {
  const SecretMask mask({"S3cr3t-File-Value", "T3nant.Example", kValue});
  EXPECT_EQ(mask.text("the name t3nant.example.hooks.invalid cannot be resolved"),
            "the name ***.hooks.invalid cannot be resolved");
  EXPECT_EQ(mask.text("S3CR3T-FILE-VALUE http://x/ answered 501"), "*** http://x/ answered 501");
  EXPECT_EQ(mask.text("?T=P%22%c3%A4%20SS%2fW%26RD"), "?T=***");
  EXPECT_EQ(mask.text("cut: s3cr3t-FI…"), "cut: ***…");
  EXPECT_EQ(mask.document(Document(R"({"T3NANT.example":["s3CR3T-file-VALUE"]})")).view(), R"({"***":["***"]})");

  MaskedStream stream(mask);
  EXPECT_EQ(stream.take("the name T3NANT"), "the name ");
  EXPECT_EQ(stream.take(".eXAMPLE is not known"), "*** is not known");
  EXPECT_EQ(SecretMask({"pässwort"}).text("PÄSSWORT"), "PÄSSWORT") << "of letters beyond ASCII the case counts";
}

TEST(SecretMask, HidesAllOfAValueWithinBase64ButItsEdges) {
  const SecretMask mask({"Aladdin's open sesame?>"});
  for (const std::string user : {"", "a", "ab", "abc", "user:", "us:"}) {
    const std::string encoded = to_base64(user + "Aladdin's open sesame?>" + "!");
    const std::string shown = mask.text("Basic " + encoded);
    ASSERT_NE(shown.find("***"), std::string::npos) << shown;
    const std::size_t left = shown.size() - std::string("Basic ***").size();
    EXPECT_LE(left, to_base64(user + "12").size() + 2) << shown;
  }
}

TEST(SecretMask, HidesValuesThatOverlapAndThoseWithinOthers) {
  EXPECT_EQ(SecretMask({"abcdef", "defghi"}).text("xabcdefghix"), "x***x");
  EXPECT_EQ(SecretMask({"abcdef", "abcdefgh"}).text("abcdefgh abcdef"), "*** ***");
  EXPECT_EQ(SecretMask({"aaaaaa"}).text("baaaaaaaab"), "b***b");
}

TEST(SecretMask, LeavesShortValuesAlone) { EXPECT_EQ(SecretMask({"12345", ""}).text("12345"), "12345"); }

TEST(SecretMask, HidesWhatIsLeftOfAValueWhereATextWasShortened) {
  const SecretMask mask({"0123456789"});
  EXPECT_EQ(mask.text("answer: 0123456…"), "answer: ***…");
  EXPECT_EQ(mask.text("exit 1: …6789 end"), "exit 1: …*** end");
  EXPECT_EQ(mask.text("012…789"), "012…789") << "of three characters nobody learns much";
  EXPECT_EQ(mask.text("012345"), "012345") << "not shortened, so it is something else";
}

TEST(SecretMask, KeepsADocumentADocument) {
  const SecretMask mask({R"(","b":")", "123456", "secret-name"});
  EXPECT_EQ(
      mask.document(Document(R"({"a":"x","b":"y","n":91234567,"d":12.5,"secret-name":[null,true,"\",\"b\":\""]})"))
          .view(),
      R"({"***":[null,true,"***"],"a":"x","b":"y","d":12.5,"n":"***"})");
  EXPECT_FALSE(mask.document(Document()).present());
}

TEST(SecretMask, HidesValuesInAllPartsOfAnOutcome) {
  const SecretMask mask({"hunter22"});
  TaskOutcome good{TaskOutputs{Document(R"({"a":"hunter22"})"), {NewAsset{"hunter22.txt", "text/hunter22"}}},
                   "log hunter22"};
  mask.outcome(good);
  EXPECT_EQ(good.result->outputs.view(), R"({"a":"***"})");
  EXPECT_EQ(good.result->assets[0].name, "***.txt");
  EXPECT_EQ(good.log, "log ***");

  TaskOutcome bad{Error{ErrorCode::http_failed, "to hunter22", true, {{"/hunter22", "not hunter22"}}, Millis(5)}, ""};
  mask.outcome(bad);
  EXPECT_EQ(bad.result.error(), (Error{ErrorCode::http_failed, "to ***", true, {{"/***", "not ***"}}, Millis(5)}));
}

// A whole text masked at once is what its pieces must come to, however it is cut.
TEST(MaskedStream, ShowsWhatTheWholeTextWouldShowHoweverItIsCut) {
  std::mt19937 random(7);
  const SecretMask mask({"aabaab", "baabb\nc", "cc\"cc\"cc"});
  for (int round = 0; round < 3'000; ++round) {
    std::string text, shown;
    for (int i = 0; i < 60; ++i) text += "aab\nc\"\\"[random() % 7];
    if (round % 3 == 0) text.insert(random() % text.size(), round % 2 ? "aabaab" : "baabb\nc");
    MaskedStream stream(mask);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 9;
      shown += stream.take(text.substr(at, size));
      at += size;
    }
    shown += stream.take_rest();
    // Where values overlap, the cut decides how many stars there are, never what is seen.
    const auto merged = [](std::string stars) {
      for (std::size_t at; (at = stars.find("******")) != std::string::npos;) stars.erase(at, 3);
      return stars;
    };
    ASSERT_EQ(merged(shown), merged(mask.text(text))) << text;
  }
}

TEST(MaskedStream, KeepsNothingBackThatNoValueBeginsWith) {
  const SecretMask mask({"secret-value"});
  MaskedStream stream(mask);
  EXPECT_EQ(stream.take("a line\n"), "a line\n");
  EXPECT_EQ(stream.take("now secret-"), "now ");
  EXPECT_EQ(stream.take("value!\n"), "***!\n");
  EXPECT_EQ(stream.take("half a sec"), "half a ");
  EXPECT_EQ(stream.take_rest(), "sec");
}

}  // namespace
}  // namespace troupe
