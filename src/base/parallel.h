// One thread per independent piece.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace joulecast {

/// Threads to use for `jobs` as a user gives it: 0 means all cores.
inline std::size_t thread_count(std::size_t jobs) {
  return jobs != 0 ? jobs : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

/// Calls work(i) for i in [0, count), each once, on at most `jobs` threads (0 = all cores); returns when all
/// are done. Pieces are handed out in order. The first exception is thrown again here after all threads
/// stopped.
template <class Work>
void parallel_for(std::size_t count, std::size_t jobs, Work&& work) {
  const std::size_t threads = std::min(thread_count(jobs), count);
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::scoped_lock lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  std::vector<std::jthread> pool;
  pool.reserve(threads - 1);
  for (std::size_t t = 1; t < threads; ++t) pool.emplace_back(run);
  run();
  pool.clear();
  if (failure) std::rethrow_exception(failure);
}

/// The same for a work(i) that may fail (it returns tl::expected<void, E>): behind a piece that failed no
/// other is begun. The error is that of the first failed piece, the same whatever the threads do, as those
/// before it are always done.
template <class Work, class Result = std::invoke_result_t<Work&, std::size_t>>
Result parallel_until_fault(std::size_t count, std::size_t jobs, Work&& work) {
  std::atomic<std::size_t> first_failed{count};
  std::optional<typename Result::error_type> fault;  // that of first_failed
  std::mutex mutex;
  parallel_for(count, jobs, [&](std::size_t i) {
    if (i > first_failed) return;
    Result done = work(i);
    if (done) return;
    const std::scoped_lock lock(mutex);
    if (i > first_failed) return;
    fault = std::move(done.error());
    first_failed = i;
  });
  if (fault) return tl::unexpected(std::move(*fault));
  return {};
}

}  // namespace joulecast
