// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mapped_file.hpp"

#include "problems.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skive::compare {
namespace {

class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_{number} {}
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const noexcept { return number_; }

 private:
  int number_;
};

}  // namespace

std::shared_ptr<mapped_file const> mapped_file::open(std::string const& path) {
  // Non-blocking, so that a named pipe without a writer is refused below instead of waited for.
  descriptor const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number() < 0) throw input_error{std::string{"cannot open: "} + std::strerror(errno)};
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) throw input_error{std::string{"cannot read: "} + std::strerror(errno)};
  if (S_ISDIR(status.st_mode)) throw input_error{"is a directory, not a file"};
  if (!S_ISREG(status.st_mode)) throw input_error{"is not a regular file"};
  if (status.st_size == 0) throw input_error{"is empty"};
  auto const size = static_cast<std::size_t>(status.st_size);
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (data == MAP_FAILED) throw input_error{std::string{"cannot map: "} + std::strerror(errno)};
  return std::shared_ptr<mapped_file const>{new mapped_file{static_cast<std::byte const*>(data), size}};
}

mapped_file::~mapped_file() { ::munmap(const_cast<std::byte*>(data_), size_); }

void mapped_file::release(std::span<std::byte const> part) noexcept {
  // Whole pages inside the part only: its neighbours may still be in use.
  auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  auto const begin = (reinterpret_cast<std::size_t>(part.data()) + page - 1) / page * page;
  auto const end = (reinterpret_cast<std::size_t>(part.data()) + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

std::shared_ptr<float> scratch_floats(std::size_t count) {
  constexpr std::size_t in_memory = std::size_t{256} << 20;
  auto const bytes = count * sizeof(float);
  if (bytes > in_memory) {
    // tmpfile() is unlinked from the start: nothing is left behind, whatever ends the program.
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> const file{std::tmpfile(), &std::fclose};
    // posix_fallocate and not ftruncate: a full disk is then seen here and not as SIGBUS on a write.
    if (file && ::posix_fallocate(::fileno(file.get()), 0, static_cast<off_t>(bytes)) == 0) {
      void* const data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ::fileno(file.get()), 0);
      if (data != MAP_FAILED) return {static_cast<float*>(data), [bytes](float* p) { ::munmap(p, bytes); }};
    }
  }
  return {new float[count], std::default_delete<float[]>{}};
}

}  // namespace skive::compare
