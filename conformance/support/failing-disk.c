/* Fails reads and writes of files below $FAILING_DIRECTORY with EIO while the files $FAILING_READS and $FAILING_WRITES exist. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int fails(int file, const char *variable) {
  const char *directory = getenv("FAILING_DIRECTORY"), *flag = getenv(variable);
  char link[64], path[4096];
  if (directory == NULL || flag == NULL || access(flag, F_OK) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, directory, strlen(directory)) == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define GUARD(variable) \
  if (fails(file, variable)) { errno = EIO; return -1; }

ssize_t read(int file, void *bytes, size_t count) { GUARD("FAILING_READS") return REAL(read)(file, bytes, count); }
ssize_t pread(int file, void *bytes, size_t count, off_t at) { GUARD("FAILING_READS") return REAL(pread)(file, bytes, count, at); }
ssize_t pread64(int file, void *bytes, size_t count, off64_t at) { GUARD("FAILING_READS") return REAL(pread64)(file, bytes, count, at); }
ssize_t write(int file, const void *bytes, size_t count) { GUARD("FAILING_WRITES") return REAL(write)(file, bytes, count); }
ssize_t writev(int file, const struct iovec *parts, int count) { GUARD("FAILING_WRITES") return REAL(writev)(file, parts, count); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { GUARD("FAILING_WRITES") return REAL(pwrite)(file, bytes, count, at); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) { GUARD("FAILING_WRITES") return REAL(pwrite64)(file, bytes, count, at); }
int fdatasync(int file) { GUARD("FAILING_WRITES") return REAL(fdatasync)(file); }
int fsync(int file) { GUARD("FAILING_WRITES") return REAL(fsync)(file); }
