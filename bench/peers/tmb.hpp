// What R's package TMB defines before its copies of CppAD and TMBad.

#include <iostream>
#include <type_traits>

#undef NDEBUG
#define NDEBUG 1

template <class T>
struct isDouble : std::is_same<T, double> {};

#define Rcout std::cout
#define Rcerr std::cerr
#define CSKIP(...) __VA_ARGS__
#define TMB_EXTERN
#define TMBAD_ASSERT(x) (void)(x);
#define TMBAD_ASSERT2(x, message) (void)(x);
