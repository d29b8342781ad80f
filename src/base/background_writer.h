// Writing on a second thread, so that the next piece is made while the last one goes to the disk's cache.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/atomic_file.h"

namespace joulecast {

/// Gives pieces to an AtomicFile in order, one at a time, on a thread of its own. As long
/// as it lives nobody else may touch the file.
class BackgroundWriter {
 public:
  explicit BackgroundWriter(AtomicFile& file) : file_(file), thread_([this] { run(); }) {}
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;
  ~BackgroundWriter() {
    {
      std::unique_lock lock(mutex_);
      idle_.wait(lock, [this] { return !busy_; });
      stop_ = true;
    }
    work_.notify_one();
  }

  /// Waits for the piece before, then takes `bytes`, which must stay until the next call. False once the disk
  /// has failed.
  bool write(std::string_view bytes) {
    bool ok = false;
    {
      std::unique_lock lock(mutex_);
      idle_.wait(lock, [this] { return !busy_; });
      ok = ok_;
      piece_ = bytes;
      busy_ = true;
    }
    work_.notify_one();
    return ok;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return busy_ || stop_; });
      if (stop_) return;
      lock.unlock();
      file_.write(piece_);
      lock.lock();
      ok_ = file_.ok();
      busy_ = false;
      idle_.notify_one();
    }
  }

  AtomicFile& file_;
  std::mutex mutex_;
  std::condition_variable work_, idle_;
  std::string_view piece_;
  bool busy_ = false;
  bool stop_ = false;
  bool ok_ = true;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace joulecast
