#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace rappel::detail {

// Doubles aligned for every instruction set.
class AlignedBuffer {
 public:
  double* reserve(std::size_t size) {  // contents are lost where it grows
    if (size > size_) {
      data_.reset(static_cast<double*>(::operator new(size * sizeof(double), alignment)));
      size_ = size;
    }
    return data_.get();
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(double* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<double, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace rappel::detail
