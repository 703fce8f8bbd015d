#include "crew.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__unix__)
#include <unistd.h>
#endif

namespace rappel::detail {
namespace {

long process() {
#if defined(__unix__)
  return getpid();
#else
  return 0;
#endif
}

class Crew {
 public:
  ~Crew() {
    if (process() != process_) {  // a fork: the threads stayed with the parent
      for (auto& m : members_) (void)m.release();
      return;
    }
    for (auto& m : members_) m->send(leave);
    for (auto& m : members_) m->thread.join();
  }

  void run(std::size_t helpers, const std::function<void()>& work) {
    if (busy_) return work();
    busy_ = true;
    if (process() != process_) {
      for (auto& m : members_) (void)m.release();
      members_.clear();
      process_ = process();
    }
    recruit(helpers);
    helpers = std::min(helpers, members_.size());
    for (std::size_t i = 0; i < helpers; ++i) {
      members_[i]->work = &work;
      members_[i]->send(begin);
    }
    work();
    for (std::size_t i = 0; i < helpers; ++i) members_[i]->await(idle);
    busy_ = false;
  }

 private:
  static constexpr std::uint32_t idle = 0, begin = 1, leave = 2;

  struct Member {
    std::atomic<std::uint32_t> state{idle};
    const std::function<void()>* work = nullptr;
    std::thread thread;

    void send(std::uint32_t s) {
      state.store(s, std::memory_order_release);
      state.notify_all();
    }
    // Of a call that follows soon the answer comes without the system's help.
    void await(std::uint32_t wanted) const {
      constexpr int patience = 2000;  // some tens of microseconds
      for (int i = 0; i < patience; ++i) {
        if (state.load(std::memory_order_acquire) == wanted) return;
        relax();
      }
      for (std::uint32_t s; (s = state.load(std::memory_order_acquire)) != wanted;) state.wait(s, std::memory_order_acquire);
    }
    std::uint32_t await_order() const {
      constexpr int patience = 2000;
      for (int i = 0; i < patience; ++i) {
        if (const std::uint32_t s = state.load(std::memory_order_acquire); s != idle) return s;
        relax();
      }
      state.wait(idle, std::memory_order_acquire);
      return state.load(std::memory_order_acquire);
    }
    static void relax() {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    void serve() {
      for (;;) {
        const std::uint32_t order = await_order();
        if (order == leave) return;
        if (order == idle) continue;
        (*work)();
        send(idle);
      }
    }
  };

  void recruit(std::size_t helpers) {
    while (members_.size() < helpers) {
      auto member = std::make_unique<Member>();
      try {
        member->thread = std::thread([m = member.get()] { m->serve(); });
      } catch (const std::system_error&) {  // the system has no thread left: those that are there do the work
        return;
      }
      members_.push_back(std::move(member));
    }
  }

  std::vector<std::unique_ptr<Member>> members_;
  long process_ = process();
  bool busy_ = false;
};

}  // namespace

void work_together(std::size_t helpers, const std::function<void()>& work) {
  if (helpers == 0) return work();
  static thread_local Crew crew;
  crew.run(helpers, work);
}

}  // namespace rappel::detail
