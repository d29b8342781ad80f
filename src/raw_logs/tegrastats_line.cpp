// Lines of NVIDIA's tegrastats: `... VDD_IN 5191mW/5191mW VDD_CPU_CV 2397mW/2397mW`, now and mean of each
// rail; older ones leave `mW` out. Unix time stands in front, put there by whoever logged them, for
// tegrastats' own stamps are whole seconds.
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "raw_logs/rail_lines.h"
#include "raw_logs/small_text.h"

namespace joulecast {
namespace {

struct RailValue {
  std::string_view name;
  double milliwatts = 0.0;
};

/// The first of `123mW/456mW` or `123/456`, if the word is one of these.
std::optional<double> power_of(std::string_view word) {
  std::array<double, 2> value{};
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (code != std::errc{} || end == word.data()) return std::nullopt;
    value[i] = static_cast<double>(number);
    word.remove_prefix(static_cast<std::size_t>(end - word.data()));
    if (word.starts_with("mW")) word.remove_prefix(2);
    if (i == 0 && !word.starts_with("/")) return std::nullopt;
    if (i == 0) word.remove_prefix(1);
  }
  if (!word.empty()) return std::nullopt;
  return value[0];
}

/// The next word behind blanks; empty at the end.
std::string_view next_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  const std::size_t length = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

bool is_name(std::string_view word) {
  return !word.empty() && ((word[0] >= 'A' && word[0] <= 'Z') || (word[0] >= 'a' && word[0] <= 'z'));
}

class TegrastatsParser final : public RailLineParser {
 public:
  explicit TegrastatsParser(std::vector<std::string> rails) : named_(std::move(rails)) {}

  Expected<std::optional<RailReading>> take(std::string_view line) override {
    const std::size_t number = std::min(line.find_first_not_of("0123456789."), line.size());
    const auto moment = parse_log_moment(line.substr(0, number));
    if (number == 0 || number == line.size() || !moment || moment->kind != StampKind::kUnix) {
      return fail(ErrorKind::kMalformed, "the line does not begin with Unix time", {},
                  "tegrastats' own stamps are whole seconds: put the time in front, as in "
                  "'1729634801.317::RAM ...'");
    }
    const std::size_t behind = std::min(line.find_first_not_of(":, \t", number), line.size());
    find_rails(line.substr(behind));
    if (!chosen_) {
      if (auto ok = choose(); !ok) return tl::unexpected(ok.error());
    }
    RailReading reading{*moment, 1000.0, 0.0};
    for (const std::string& name : *chosen_) {
      const RailValue* value = find(name);
      if (value == nullptr) {
        return fail(ErrorKind::kMalformed, fmt::format("the line lacks the rail '{}'", name), {},
                    "The log was cut off inside this line: remove it");
      }
      reading.milliamps += value->milliwatts;
    }
    return reading;
  }

 private:
  void find_rails(std::string_view text) {
    values_.clear();
    std::string_view before;
    for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
      const auto power = is_name(before) ? power_of(word) : std::nullopt;
      // Memory looks alike (`RAM 24389/62841MB`), but for its unit.
      if (power) values_.push_back({before, *power});
      before = word;
    }
  }

  Expected<void> choose() {
    std::vector<std::string> known;
    for (const RailValue& value : values_) known.emplace_back(value.name);
    if (known.empty()) {
      return fail(ErrorKind::kMalformed, "the line has no rail, such as 'VDD_IN 5191mW/5191mW'", {},
                  "Is this a log of tegrastats? See --power-format");
    }
    const auto places = choose_rails(known, named_);
    if (!places) return tl::unexpected(places.error());
    chosen_.emplace();
    for (const std::size_t place : *places) chosen_->push_back(known[place]);
    return {};
  }

  [[nodiscard]] const RailValue* find(std::string_view name) const {
    for (const RailValue& value : values_) {
      if (value.name == name) return &value;
    }
    return nullptr;
  }

  std::vector<std::string> named_;
  std::optional<std::vector<std::string>> chosen_;
  std::vector<RailValue> values_;  // of the current line
};

}  // namespace

std::unique_ptr<RailLineParser> make_tegrastats_parser(std::vector<std::string> rails) {
  return std::make_unique<TegrastatsParser>(std::move(rails));
}

}  // namespace joulecast
