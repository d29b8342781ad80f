// Power logs of other tools, one line a reading of several rails.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_zone.h"
#include "raw_logs/doubts.h"
#include "raw_logs/log_moment.h"
#include "raw_logs/power_lines.h"

namespace joulecast {

/// One reading of the rails asked for, added up.
struct RailReading {
  LogMoment moment;
  double millivolts = 0.0;
  double milliamps = 0.0;
};

/// Knows one form of line. Errors have no place: the caller knows it.
class RailLineParser {
 public:
  RailLineParser() = default;
  RailLineParser(const RailLineParser&) = delete;
  RailLineParser& operator=(const RailLineParser&) = delete;
  virtual ~RailLineParser() = default;

  /// What a line, stripped and not empty, holds; nothing for a header.
  virtual Expected<std::optional<RailReading>> take(std::string_view line) = 0;
  /// After an error: could the line be a footer, if it is the last?
  [[nodiscard]] virtual bool may_be_footer() const { return false; }
  /// A doubt about the log's form, known after its first reading; empty if there is none.
  [[nodiscard]] virtual std::string_view doubt() const { return {}; }
};
std::unique_ptr<RailLineParser> make_tegrastats_parser(std::vector<std::string> rails);
std::unique_ptr<RailLineParser> make_power_csv_parser(std::vector<std::string> rails);

/// Takes lines through a parser: places of faults, doubts, footers, the board's local time.
class RailLines final : public PowerLines {
 public:
  RailLines(std::string file, std::unique_ptr<RailLineParser> parser, std::optional<TimeZone> zone,
            bool refuse_impossible);

  Step step(std::string_view window, bool last) override;
  [[nodiscard]] const std::vector<PowerSample>& samples() const override { return batch_; }
  [[nodiscard]] const Error& fault() const override { return fault_; }
  [[nodiscard]] const std::vector<Warning>& warnings() const override { return doubts_.warnings(); }
  [[nodiscard]] StampKind stamp_kind() const override;

 private:
  static constexpr std::size_t kBatch = 4096;

  bool take_line(std::string_view line, std::uint64_t byte);
  bool take_reading(const RailReading& reading, const Location& place);
  bool refuse(Error fault, const Location& place);

  std::string file_;
  std::unique_ptr<RailLineParser> parser_;
  std::optional<TimeZone> zone_;
  bool refuse_impossible_;
  std::vector<PowerSample> batch_;
  bool batch_taken_ = false;
  bool failed_ = false;
  std::optional<Error> footer_;  // the fault of a line that is one unless it is the last
  std::optional<StampKind> kind_;
  std::optional<TimeStamp> previous_;
  Doubts doubts_;
  Error fault_;
  std::uint64_t consumed_ = 0;  // bytes before the current window
  std::uint64_t line_ = 1;
};

/// The rails' position in `known`: those named (whatever their case), else the only one, else the one that
/// feeds the whole board. Error kUsage with the list.
Expected<std::vector<std::size_t>> choose_rails(const std::vector<std::string>& known,
                                                const std::vector<std::string>& named);

}  // namespace joulecast
