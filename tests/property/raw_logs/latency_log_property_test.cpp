// Generated logs in random styles of white space, escapes and numbers, read back in windows of random size;
// and damaged logs, about which the reader and nlohmann-json must agree.
#include <array>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <simdjson.h>

#include "base/time_stamp.h"
#include "support/choices.h"
#include "support/latency_events.h"
#include "support/log_oracles.h"

namespace joulecast {
namespace {

using test::LatencyLayer;
using test::pick;

/// White space of the form that json.dump(indent=4) gives, none at all, or anything.
class Style {
 public:
  Style() : kind_(pick(4)) {}
  [[nodiscard]] std::string space(int indent) const {
    if (kind_ == 0) return "\n" + std::string(static_cast<std::size_t>(indent) * 4, ' ');
    if (kind_ == 1) return "";
    if (kind_ == 2) return indent == 0 ? "" : " ";
    static constexpr std::array<const char*, 8> kSpaces = {"",     " ",       "\n", "\t",
                                                           "\r\n", "  \n\t ", "\r", "\n\n          "};
    return kSpaces[static_cast<std::size_t>(pick(8))];
  }

 private:
  int kind_;
};

/// A JSON string, each character as it is or escaped.
std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const bool must = c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
    const bool may = static_cast<unsigned char>(c) < 0x80;
    if (must || (may && pick(12) == 0)) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + '"';
}

/// Never an integer in JSON's sense.
std::string number_text(double value) {
  const int form = pick(5);
  const std::string text = form == 0   ? fmt::format("{:.16e}", value)
                           : form == 1 ? fmt::format("{:.17g}", value)
                                       : fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

struct WrittenLog {
  std::string text;
  std::vector<LatencyLayer> layers;
};

LatencyLayer write_layer(std::string& text, const Style& style, const std::string& name, bool stamps) {
  LatencyLayer layer{name, {}, {}, 0};
  text += json_string(name) + style.space(0).substr(0, 1) + ":" + style.space(2) + "[";
  const int entries = pick(4) == 0 ? 0 : pick(40);
  for (int i = 0; i < entries; ++i) {
    double milliseconds =
        *rc::gen::element(0.009151999838650227, 0.25, 12.5, 5e-324, 1e-7, 1234567.0, 0.1, 1e22);
    if (pick(2) == 0)
      milliseconds =
          static_cast<double>(static_cast<float>(milliseconds) * static_cast<float>(1 + pick(1000)));
    const TimeStamp time{1732170004000000 + *rc::gen::inRange<std::int64_t>(0, 200'000'000'000)};
    std::string value = number_text(milliseconds);
    if (pick(30) == 0) {
      milliseconds = pick(100);
      value = fmt::format("{:.0f}", milliseconds);
      if (layer.leading_integers == layer.milliseconds.size()) ++layer.leading_integers;
    }
    text += (i == 0 ? "" : ",") + style.space(2);
    text += stamps ? "[" + style.space(3) + value + "," + style.space(3) +
                         json_string(format_time_stamp(time)) + style.space(2) + "]"
                   : value;
    layer.milliseconds.push_back(milliseconds);
    layer.completed.push_back(stamps ? time.microseconds : 0);
  }
  text += style.space(1) + "]";
  return layer;
}

WrittenLog write_log() {
  static constexpr std::array<const char*, 5> kNames = {"conv", "a, \"b\"\n\\",
                                                        "Gr\xc3\xb6\xc3\x9f"
                                                        "e \xf0\x9f\x98\x80",
                                                        "", "/features/0 + /relu"};
  const Style style;
  const bool stamps = pick(4) != 0;
  WrittenLog log;
  log.text = style.space(0).substr(0, 1) + "{";
  const int layers = pick(6);
  for (int i = 0; i < layers; ++i) {
    log.text += (i == 0 ? "" : ",") + style.space(1);
    const std::string name = kNames[static_cast<std::size_t>(pick(5))];
    log.layers.push_back(write_layer(log.text, style, name, stamps));
  }
  log.text += style.space(0) + "}" + style.space(0);
  return log;
}

TEST(LatencyLogProperty, ReadsBackWhatWasWrittenWhateverStyleAndWindow) {
  EXPECT_TRUE(rc::check([] {
    const WrittenLog log = write_log();
    const auto reading = test::read_latencies(log.text, static_cast<std::size_t>(1 + pick(700)));
    if (reading.error) RC_FAIL(reading.error->describe());
    RC_ASSERT(test::same_layers(reading.layers, log.layers));
  }));
}

TEST(LatencyLogProperty, AgreesWithNlohmannJsonAboutDamagedLogs) {
  EXPECT_TRUE(rc::check([] {
    std::string text = write_log().text;
    const int damages = 1 + pick(3);
    for (int i = 0; i < damages && !text.empty(); ++i) {
      const auto at = static_cast<std::size_t>(pick(static_cast<int>(text.size())));
      switch (pick(4)) {
        case 0:
          text.erase(at, static_cast<std::size_t>(1 + pick(5)));
          break;
        case 1:
          text[at] = static_cast<char>(pick(256));
          break;
        case 2:
          text.insert(at, *rc::gen::element<std::string>(",", "]", "[", "\"", "}", "0", "-", "null", "\\",
                                                         "\xff", "\xc3\xb6", "1.0", " "));
          break;
        default:
          text.resize(at);
      }
    }
    const std::string fault = test::check_latency_log(text, static_cast<std::size_t>(1 + pick(300)));
    if (!fault.empty()) RC_FAIL(fault + ": " + text);
  }));
}

/// What simdjson's On-Demand makes of a log, every value read; false at the first fault.
bool read_by_simdjson(const std::string& text, std::vector<LatencyLayer>& layers) {
  const simdjson::padded_string padded(text);
  simdjson::ondemand::parser parser;
  try {
    simdjson::ondemand::document document = parser.iterate(padded);
    for (auto field : document.get_object()) {
      LatencyLayer& layer = layers.emplace_back();
      layer.name = std::string(std::string_view(field.unescaped_key()));
      for (auto element : field.value().get_array()) {
        auto value = element.value();
        if (value.type() == simdjson::ondemand::json_type::number) {
          layer.milliseconds.push_back(value.get_double());
          layer.completed.push_back(0);
          continue;
        }
        int place = 0;
        for (auto part : value.get_array()) {
          if (place++ == 0) {
            layer.milliseconds.push_back(part.get_double());
          } else {
            layer.completed.push_back(
                parse_time_stamp(std::string_view(part.get_string())).value().microseconds);
          }
        }
      }
    }
    return true;
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

TEST(LatencyLogProperty, ReadsTheSameAsSimdjson) {
  EXPECT_TRUE(rc::check([] {
    const WrittenLog log = write_log();
    std::vector<LatencyLayer> oracle;
    RC_ASSERT(read_by_simdjson(log.text, oracle));
    auto layers = test::read_latencies(log.text).layers;
    for (LatencyLayer& layer : layers) layer.leading_integers = 0;
    RC_ASSERT(test::same_layers(layers, oracle));
  }));
}

TEST(PowerLogProperty, ReadsAsTheSlowRulesDoWhateverStyleAndDamage) {
  EXPECT_TRUE(rc::check([] {
    std::string text;
    const int lines = pick(40);
    for (int i = 0; i < lines; ++i) {
      const TimeStamp time{1732170004000000 + *rc::gen::inRange<std::int64_t>(0, 200'000'000'000)};
      const bool odd = pick(8) == 0;
      text += (odd ? " " : "") + format_time_stamp(time) + "," + number_text(pick(6000)) + "," +
              (odd ? std::string(" 1_000 ,junk") : number_text(pick(20000) / 8.0));
      text += *rc::gen::weightedElement<std::string>({{20, "\n"}, {2, "\r\n"}, {1, "\r"}});
    }
    if (!text.empty() && pick(2) == 0) {
      const auto at = static_cast<std::size_t>(pick(static_cast<int>(text.size())));
      text[at] = *rc::gen::element('\n', ',', '1', 'e', '.', '-', '\xff', ' ', '\0', '\r');
    }
    const std::string fault = test::check_power_log(text, static_cast<std::size_t>(1 + pick(300)));
    if (!fault.empty()) RC_FAIL(fault + ": " + text);
  }));
}

}  // namespace
}  // namespace joulecast
