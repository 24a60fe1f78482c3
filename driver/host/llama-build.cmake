# Read by CMake while pip compiles llama-cpp-python: the library that llama.cpp's own programs share
# is not used by the Python package, and compiling it takes as long as everything else.
set(LLAMA_BUILD_COMMON OFF)
