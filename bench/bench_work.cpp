// One piece of the library's work for tools/bench.py to measure beside a peer: bench_work WHAT ARGUMENT...
//
//   latency FILE           records of a latency log          power FILE       records of a power log
//   scan FILE              the same file without validation: every stamp's opening quote found, nothing
//   parsed engines FOLDER TIMES   the folder's engine files read, so many times bulk MODEL FOLDER N
//   predictions of N networks, engines already parsed lasso PROBLEM [compat] cross-validated lasso gap
//   PROBLEM COEFS      the duality gaps of another program's fold paths, by this library's code
//
//
//   run PROGRAM ARGUMENT...  another program, its output to nowhere: started from a process as small as can
//   be, because a child's largest resident set is at least that of the process it was started from
//
// Prints a JSON object with CPU seconds (user and system, all threads) and what was done in them. A PROBLEM
// is "rows columns positive alphas" as 64-bit integers, y, then X by columns, as doubles; COEFS holds an
// intercept and the coefficients of each alpha of each of ten contiguous folds.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/input_file.h"
#include "joulecast/numerics.h"
#include "joulecast/prediction.h"
#include "joulecast/raw_logs.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

double cpu_seconds(const rusage& usage) {
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return cpu_seconds(usage);
}

/// Of this program alone: getrusage would count what its parent had before it became another program.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024.0;
  return 0.0;
}

int report(double cpu, std::uint64_t bytes, std::uint64_t items) {
  fmt::print("{{\"cpu_s\": {:.6f}, \"bytes\": {}, \"items\": {}, \"peak_mb\": {:.1f}}}\n", cpu, bytes, items,
             peak_megabytes());
  return 0;
}

template <class Fault>
int refuse(const Fault& fault) {
  fmt::print(stderr, "{}\n", fault.error().describe());
  return 1;
}

int latency(const std::string& file) {
  const double begin = cpu_seconds();
  auto reader = LatencyLogReader::open(file);
  if (!reader) return refuse(reader);
  std::uint64_t entries = 0;
  for (;;) {
    const auto event = reader->next();
    if (!event) return refuse(event);
    if (event->kind == LatencyLogReader::EventKind::kEnd) break;
    entries += event->entries.size();
  }
  return report(cpu_seconds() - begin, reader->bytes_done(), entries);
}

int scan(const std::string& file) {
  const double begin = cpu_seconds();
  auto input = InputFile::open(file);
  if (!input) return refuse(input);
  std::vector<char> buffer(256 * 1024);
  std::uint64_t quotes = 0;
  std::uint64_t bytes = 0;
  for (;;) {
    const auto got = input->read(buffer);
    if (!got) return refuse(got);
    if (*got == 0) break;
    bytes += *got;
    const char* at = buffer.data();
    const char* const end = at + *got;
    while ((at = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)))) !=
           nullptr) {
      ++quotes;
      if (++at == end) break;
    }
  }
  return report(cpu_seconds() - begin, bytes, quotes / 2);
}

int power(const std::string& file) {
  const double begin = cpu_seconds();
  auto reader = PowerLogReader::open(file);
  if (!reader) return refuse(reader);
  std::uint64_t samples = 0;
  for (;;) {
    const auto more = reader->next();
    if (!more) return refuse(more);
    if (more->empty()) break;
    samples += more->size();
  }
  return report(cpu_seconds() - begin, fs::file_size(file), samples);
}

std::vector<fs::path> engine_files(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename() == "trt_engine_info.json") files.push_back(entry.path());
  return files;
}

int engines(const std::string& folder, std::uint64_t times) {
  const auto files = engine_files(folder);
  std::uint64_t bytes = 0;
  std::uint64_t layers = 0;
  const double begin = cpu_seconds();
  for (std::uint64_t i = 0; i < times; ++i) {
    for (const fs::path& file : files) {
      const auto network = read_engine(file);
      if (!network) return refuse(network);
      bytes += fs::file_size(file);
      layers += network->layers.size();
    }
  }
  return report(cpu_seconds() - begin, bytes, layers);
}

int bulk(const std::string& models, const std::string& folder, std::uint64_t count) {
  const auto model = load_cost_model(models);
  if (!model) return refuse(model);
  const Predictor predictor(*model);
  std::vector<Network> networks;
  for (const fs::path& file : engine_files(folder)) {
    auto network = read_engine(file);
    if (!network) return refuse(network);
    networks.push_back(std::move(*network));
  }
  std::uint64_t layers = 0;
  const double begin = cpu_seconds();
  NetworkPrediction prediction;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto done = predictor.predict(networks[i % networks.size()], {}, prediction);
    if (!done) return refuse(done);
    layers += prediction.layers.size();
  }
  return report(cpu_seconds() - begin, 0, layers);
}

struct Problem {
  Matrix x;
  std::vector<double> y;
  LassoOptions options;
};

Problem read_problem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const auto read = [&file](auto* to, std::size_t count) {
    file.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(count * sizeof(*to)));
  };
  std::array<std::int64_t, 4> sizes{};
  read(sizes.data(), sizes.size());
  Problem problem{Matrix(static_cast<std::size_t>(sizes[0]), static_cast<std::size_t>(sizes[1])),
                  std::vector<double>(static_cast<std::size_t>(sizes[0])),
                  {}};
  read(problem.y.data(), problem.y.size());
  read(problem.x.data.data(), problem.x.data.size());
  problem.options.positive = sizes[2] != 0;
  problem.options.alphas = static_cast<std::size_t>(sizes[3]);
  problem.options.jobs = 1;
  return problem;
}

/// The rows that train in a fold.
Problem training_part(const Problem& all, const Fold& test) {
  std::vector<bool> held_out(all.y.size(), false);
  for (const std::size_t row : test) held_out[row] = true;
  Problem part{Matrix(all.y.size() - test.size(), all.x.columns), {}, all.options};
  for (std::size_t i = 0; i < all.y.size(); ++i)
    if (!held_out[i]) part.y.push_back(all.y[i]);
  for (std::size_t j = 0; j < all.x.columns; ++j) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < all.y.size(); ++i)
      if (!held_out[i]) part.x(to++, j) = all.x(i, j);
  }
  return part;
}

constexpr std::size_t kFolds = 10;

/// n x gap / ||y - mean||^2: scikit-learn compares the same ratio with tol, without the mean.
class WorstGap {
 public:
  void add(const Problem& part, std::span<const double> w, double intercept, double alpha) {
    double mean = 0.0;
    for (const double y : part.y) mean += y / static_cast<double>(part.y.size());
    double norm = 0.0;
    for (const double y : part.y) norm += (y - mean) * (y - mean);
    const double gap = lasso_duality_gap(part.x.view(), part.y, w, intercept, alpha, part.options.positive);
    worst_ = std::max(worst_, gap * static_cast<double>(part.y.size()) / norm);
  }
  [[nodiscard]] double value() const { return worst_; }

 private:
  double worst_ = 0.0;
};

int lasso(const std::string& path, bool compat) {
  Problem problem = read_problem(path);
  if (compat) problem.options.mode = LassoMode::kCompat;
  const auto folds = contiguous_folds(problem.y.size(), kFolds);
  const double begin = cpu_seconds();
  const auto cv = lasso_cv(problem.x.view(), problem.y, *folds, problem.options);
  const double cpu = cpu_seconds() - begin;
  if (!cv) return refuse(cv);
  WorstGap gap;
  for (const Fold& fold : *folds) {
    const Problem part = training_part(problem, fold);
    const auto fits = lasso_path(part.x.view(), part.y, cv->alphas, part.options);
    if (!fits) return refuse(fits);
    for (const LassoFit& fit : *fits) gap.add(part, fit.coefficients, fit.intercept, fit.alpha);
  }
  fmt::print("{{\"cpu_s\": {:.6f}, \"gap\": {:.2e}, \"alpha_index\": {}, \"peak_mb\": {:.1f}}}\n", cpu,
             gap.value(), cv->alpha_index, peak_megabytes());
  return 0;
}

int gap(const std::string& path, const std::string& coefficients) {
  const Problem problem = read_problem(path);
  const auto folds = contiguous_folds(problem.y.size(), kFolds);
  const auto alphas = lasso_alpha_grid(problem.x.view(), problem.y, problem.options);
  std::ifstream file(coefficients, std::ios::binary);
  std::vector<double> row(problem.x.columns + 1);
  WorstGap gap;
  for (const Fold& fold : *folds) {
    const Problem part = training_part(problem, fold);
    for (const double alpha : alphas) {
      if (!file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(8 * row.size()))) {
        fmt::print(stderr, "{}: ends too early\n", coefficients);
        return 1;
      }
      gap.add(part, std::span(row).subspan(1), row[0], alpha);
    }
  }
  fmt::print("{{\"gap\": {:.2e}}}\n", gap.value());
  return 0;
}

int run_program(const Words& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (const int code = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
      code != 0) {
    fmt::print(stderr, "{}: {}\n", words[0], std::strerror(code));
    return 1;
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fmt::print(stderr, "{}: ended with status {}\n", words[0], status);
    return 1;
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"cpu_s\": {:.6f}, \"wall_s\": {:.6f}, \"peak_mb\": {:.1f}}}\n", cpu_seconds(usage), wall,
             static_cast<double>(usage.ru_maxrss) / 1024.0);
  return 0;
}

int run(const Words& words) {
  const std::string what = words.empty() ? "" : words[0];
  if (what == "run" && words.size() >= 2) return run_program({words.begin() + 1, words.end()});
  if (what == "latency" && words.size() == 2) return latency(words[1]);
  if (what == "scan" && words.size() == 2) return scan(words[1]);
  if (what == "power" && words.size() == 2) return power(words[1]);
  if (what == "engines" && words.size() == 3) return engines(words[1], std::stoull(words[2]));
  if (what == "bulk" && words.size() == 4) return bulk(words[1], words[2], std::stoull(words[3]));
  if (what == "lasso" && words.size() >= 2) return lasso(words[1], words.size() > 2);
  if (what == "gap" && words.size() == 3) return gap(words[1], words[2]);
  fmt::print(stderr, "bench_work: see the head of bench/bench_work.cpp\n");
  return 2;
}

}  // namespace
}  // namespace joulecast

int main(int argc, char** argv) {
  return joulecast::run({argv + 1, argv + argc});
}
