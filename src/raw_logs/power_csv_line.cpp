// Power logs as CSV: a header that names the columns, one column of time, rails as power or as voltage and
// current. Units stand in the columns' names: `VDD_IN (mW)`, `vdd_in_mw`, `current [A]`.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "raw_logs/python_text.h"
#include "raw_logs/rail_lines.h"
#include "raw_logs/small_text.h"

namespace joulecast {
namespace {

enum class Quantity { kNone, kPower, kVoltage, kCurrent, kTime, kOther };

struct Unit {
  std::string_view name;  // lower case
  Quantity quantity = Quantity::kNone;
  double factor = 1.0;  // to mW, mV, mA
  TimeUnit time = TimeUnit::kByMagnitude;
};

constexpr std::array<Unit, 27> kUnits = {{
    {"w", Quantity::kPower, 1e3},
    {"mw", Quantity::kPower, 1.0},
    {"uw", Quantity::kPower, 1e-3},
    {"watt", Quantity::kPower, 1e3},
    {"watts", Quantity::kPower, 1e3},
    {"v", Quantity::kVoltage, 1e3},
    {"mv", Quantity::kVoltage, 1.0},
    {"uv", Quantity::kVoltage, 1e-3},
    {"a", Quantity::kCurrent, 1e3},
    {"ma", Quantity::kCurrent, 1.0},
    {"ua", Quantity::kCurrent, 1e-3},
    {"s", Quantity::kTime, 1.0, TimeUnit::kSeconds},
    {"sec", Quantity::kTime, 1.0, TimeUnit::kSeconds},
    {"seconds", Quantity::kTime, 1.0, TimeUnit::kSeconds},
    {"ms", Quantity::kTime, 1.0, TimeUnit::kMilliseconds},
    {"us", Quantity::kTime, 1.0, TimeUnit::kMicroseconds},
    {"ns", Quantity::kTime, 1.0, TimeUnit::kNanoseconds},
    {"c", Quantity::kOther},
    {"celsius", Quantity::kOther},
    {"%", Quantity::kOther},
    {"percent", Quantity::kOther},
    {"hz", Quantity::kOther},
    {"khz", Quantity::kOther},
    {"mhz", Quantity::kOther},
    {"mb", Quantity::kOther},
    {"kb", Quantity::kOther},
    {"gb", Quantity::kOther},
}};

/// The unit of that name; micro may be `u` or either of Unicode's signs.
const Unit* find_unit(std::string_view text) {
  std::string name = lower_case(text);
  for (const std::string_view micro : {"\xc2\xb5", "\xce\xbc"}) {
    if (name.starts_with(micro)) name.replace(0, micro.size(), "u");
  }
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

/// A column's name taken apart.
struct ColumnName {
  std::string whole;
  std::string stem;  // without the unit
  const Unit* unit = nullptr;
};

ColumnName take_apart(std::string_view text) {
  ColumnName name{std::string(text), std::string(text), nullptr};
  std::size_t cut = text.npos;
  std::string_view unit;
  if (text.ends_with(')') || text.ends_with(']')) {
    cut = text.find_last_of("([");
    if (cut != text.npos) unit = text.substr(cut + 1, text.size() - cut - 2);
  } else {
    cut = text.find_last_of("_ ");
    if (cut != text.npos) unit = text.substr(cut + 1);
  }
  if (cut == text.npos || cut == 0) return name;
  name.unit = find_unit(python::strip(unit));
  if (name.unit == nullptr) return name;
  std::string_view stem = text.substr(0, cut);
  while (!stem.empty() && (stem.back() == ' ' || stem.back() == '_')) stem.remove_suffix(1);
  name.stem = stem;
  return name;
}

bool is_time(const ColumnName& name) {
  constexpr std::array<std::string_view, 11> kNames = {"time",      "timestamp", "time_stamp", "t",
                                                       "ts",        "datetime",  "date_time",  "unix_time",
                                                       "unix time", "unixtime",  "epoch"};
  const bool other_quantity = name.unit != nullptr && name.unit->quantity != Quantity::kTime;
  if (other_quantity) return false;
  const std::string stem = lower_case(name.stem);
  return std::find(kNames.begin(), kNames.end(), stem) != kNames.end();
}

/// "voltage", "VDD_IN voltage" and "VDD_IN" to what they share with the column of the current.
std::string without_quantity(std::string_view stem) {
  std::string name(stem);
  for (const std::string_view word : {"voltage", "current", "volt", "curr", "power"}) {
    if (const std::size_t at = lower_case(name).find(word); at != name.npos) {
      name.erase(at, word.size());
      break;
    }
  }
  while (!name.empty() && (name.back() == ' ' || name.back() == '_')) name.pop_back();
  while (!name.empty() && (name.front() == ' ' || name.front() == '_')) name.erase(0, 1);
  return name.empty() ? "power" : name;
}

constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

struct Rail {
  std::string name;
  std::size_t power = kNoColumn, voltage = kNoColumn, current = kNoColumn;
  double power_factor = 1.0, voltage_factor = 1.0, current_factor = 1.0;
  [[nodiscard]] bool paired() const { return voltage != kNoColumn && current != kNoColumn; }
  [[nodiscard]] bool known() const { return paired() || power != kNoColumn; }
};

Rail& rail_named(std::vector<Rail>& rails, const std::string& name) {
  for (Rail& rail : rails) {
    if (same_word(rail.name, name)) return rail;
  }
  rails.push_back({name});
  return rails.back();
}

/// Rails whose columns say their unit.
std::vector<Rail> rails_with_units(const std::vector<ColumnName>& columns, std::size_t time) {
  std::vector<Rail> rails;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i == time || columns[i].unit == nullptr) continue;
    const Unit& unit = *columns[i].unit;
    switch (unit.quantity) {
      case Quantity::kPower: {
        Rail& rail = rail_named(rails, without_quantity(columns[i].stem));
        rail.power = i;
        rail.power_factor = unit.factor;
        break;
      }
      case Quantity::kVoltage: {
        Rail& rail = rail_named(rails, without_quantity(columns[i].stem));
        rail.voltage = i;
        rail.voltage_factor = unit.factor;
        break;
      }
      case Quantity::kCurrent: {
        Rail& rail = rail_named(rails, without_quantity(columns[i].stem));
        rail.current = i;
        rail.current_factor = unit.factor;
        break;
      }
      case Quantity::kTime:
      case Quantity::kOther:
      case Quantity::kNone:
        break;
    }
  }
  std::erase_if(rails, [](const Rail& rail) { return !rail.known(); });
  return rails;
}

/// All columns without a unit, as power in milliwatt: what Jetson's files count in.
std::vector<Rail> rails_without_units(const std::vector<ColumnName>& columns, std::size_t time) {
  std::vector<Rail> rails;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != time && columns[i].unit == nullptr && !columns[i].whole.empty()) {
      rails.push_back({columns[i].whole, i});
    }
  }
  return rails;
}

class PowerCsvParser final : public RailLineParser {
 public:
  explicit PowerCsvParser(std::vector<std::string> rails) : named_(std::move(rails)) {}

  Expected<std::optional<RailReading>> take(std::string_view line) override {
    footer_ = false;
    if (chosen_.empty()) {
      if (auto ok = take_header(line); !ok) return tl::unexpected(ok.error());
      return std::optional<RailReading>();
    }
    cut(line);
    if (cells_.size() != columns_) {
      footer_ = cells_.size() > columns_;
      return fail(ErrorKind::kMalformed, fmt::format("{} cells instead of {}", cells_.size(), columns_), {},
                  "The log was cut off inside this line, or it is no sample: remove it");
    }
    return take_row();
  }
  [[nodiscard]] bool may_be_footer() const override { return footer_; }
  [[nodiscard]] std::string_view doubt() const override {
    return units_known_ ? "" : "the columns name no unit of power: taken as milliwatt";
  }

 private:
  Expected<void> take_header(std::string_view line) {
    for (const char separator : {',', ';', '\t'}) {
      if (line.find(separator) == line.npos) continue;
      separator_ = separator;
      break;
    }
    cut(line);
    columns_ = cells_.size();
    std::vector<ColumnName> names;
    for (const std::string_view cell : cells_) names.push_back(take_apart(cell));
    const auto time = std::find_if(names.begin(), names.end(), is_time);
    if (time == names.end()) {
      return fail(ErrorKind::kMalformed, "the header names no column of time", {},
                  "Call it time, timestamp or unix_time, with its unit, as in time_ms");
    }
    time_ = static_cast<std::size_t>(time - names.begin());
    if (time->unit != nullptr) time_unit_ = time->unit->time;
    std::vector<Rail> rails = rails_with_units(names, time_);
    units_known_ = !rails.empty();
    if (rails.empty()) rails = rails_without_units(names, time_);
    if (rails.empty()) {
      return fail(ErrorKind::kMalformed, "the header names no column of power", {},
                  "Name the unit, as in VDD_IN_mW, or voltage and current, as in voltage_mV, current_mA");
    }
    std::vector<std::string> known;
    for (const Rail& rail : rails) known.push_back(rail.name);
    const auto places = choose_rails(known, named_);
    if (!places) return tl::unexpected(places.error());
    for (const std::size_t place : *places) chosen_.push_back(rails[place]);
    return {};
  }

  Expected<std::optional<RailReading>> take_row() {
    const auto moment = parse_log_moment(cells_[time_], time_unit_);
    if (!moment) {
      return fail(ErrorKind::kMalformed, fmt::format("'{}' is no time", cells_[time_].substr(0, 40)), {},
                  "Unix time, 2024-11-21 05:20:04.261448 and 20241121-05:20:04.261448 are known");
    }
    RailReading reading{*moment, 1000.0, 0.0};
    for (const Rail& rail : chosen_) {
      double millivolts = 1000.0;
      double milliamps = 0.0;
      if (rail.paired()) {
        if (auto ok = number(rail.voltage, rail.voltage_factor, millivolts); !ok)
          return tl::unexpected(ok.error());
        if (auto ok = number(rail.current, rail.current_factor, milliamps); !ok)
          return tl::unexpected(ok.error());
      } else if (auto ok = number(rail.power, rail.power_factor, milliamps); !ok) {
        return tl::unexpected(ok.error());
      }
      if (chosen_.size() == 1) {
        reading.millivolts = millivolts;
        reading.milliamps = milliamps;
      } else {
        reading.milliamps += millivolts * milliamps / 1000.0;
      }
    }
    return reading;
  }

  Expected<void> number(std::size_t column, double factor, double& value) const {
    const auto parsed = python::to_float(cells_[column]);
    if (!parsed) {
      return fail(
          ErrorKind::kMalformed,
          fmt::format("\"{}\" in column {} is not a number", cells_[column].substr(0, 40), column + 1), {},
          "The line is damaged or was cut off: correct or remove it");
    }
    value = *parsed * factor;
    return {};
  }

  /// Cells without the quotes and blanks around them; a quoted cell may hold the separator.
  void cut(std::string_view line) {
    cells_.clear();
    for (;;) {
      std::size_t from = 0;
      const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
      if (begin < line.size() && line[begin] == '"') {
        from = std::min(line.find('"', begin + 1), line.size());
      }
      const std::size_t end = std::min(line.find(separator_, from), line.size());
      std::string_view cell = python::strip(line.substr(0, end));
      if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"') {
        cell = cell.substr(1, cell.size() - 2);
      }
      cells_.push_back(cell);
      if (end == line.size()) return;
      line.remove_prefix(end + 1);
    }
  }

  std::vector<std::string> named_;
  char separator_ = ',';
  std::size_t columns_ = 0;
  std::size_t time_ = 0;
  TimeUnit time_unit_ = TimeUnit::kByMagnitude;
  bool units_known_ = true;
  bool footer_ = false;
  std::vector<Rail> chosen_;  // empty before the header
  std::vector<std::string_view> cells_;
};

}  // namespace

std::unique_ptr<RailLineParser> make_power_csv_parser(std::vector<std::string> rails) {
  return std::make_unique<PowerCsvParser>(std::move(rails));
}

}  // namespace joulecast
