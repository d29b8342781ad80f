// One thread per independent piece.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

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

}  // namespace joulecast
