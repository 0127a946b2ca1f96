/* Loaded before the C library of a program under test (LD_PRELOAD). Whatever the program does with
 * files below $FAULT_ROOT is counted, and can be made to fail, to be cut short, to be the last
 * thing the process does, or to be written down; the wall clock can be shifted. What happens and when is
 * said in a page of memory that the driver shares ($FAULT_CONTROL). It changes no other file. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The same order in faults.py. */
enum kind { WRITE, SYNC, TRUNCATE, OPEN, UNLINK, RENAME, READ };
enum action { NOTHING, FAIL, SHORT, KILL_BEFORE, KILL_WITHIN, LIE };

struct control {
    _Atomic uint64_t calls; /* of the kinds in `mask` */
    uint64_t mask;
    uint64_t first, last; /* the calls that `action` befalls, counted from 1; 0 for none */
    uint64_t action;
    uint64_t error;        /* errno of FAIL */
    uint64_t quota;        /* bytes the files may have together; 0 for no bound */
    _Atomic uint64_t used; /* bytes they have */
    _Atomic int64_t clock_milliseconds;
    uint64_t pretend_sync; /* 1: syncs do nothing and say they did */
    _Atomic uint64_t acted;
};

static struct control fallback;
static struct control *control = &fallback;
static char root[PATH_MAX];
static size_t root_length;
static int record = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define DESCRIPTORS 4096
static char *paths[DESCRIPTORS]; /* of open files below the root */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FAULT_ROOT"), *page = getenv("FAULT_CONTROL");
    const char *file = getenv("FAULT_RECORD");
    if (folder && realpath(folder, root)) root_length = strlen(root);
    if (page) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, page, O_RDWR | O_CLOEXEC);
        void *memory = fd < 0 ? MAP_FAILED
                              : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED) {
            fprintf(stderr, "preload: no control page at %s\n", page);
            _exit(97);
        }
        control = memory;
        syscall(SYS_close, fd);
    }
    if (file) {
        int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
        record = (int)syscall(SYS_openat, AT_FDCWD, file, flags, 0600);
    }
}

/* The absolute path where it lies below the root, allocated; NULL elsewhere. */
static char *below(const char *path) {
    if (!root_length || !path) return NULL;
    char whole[PATH_MAX * 2];
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return NULL;
        snprintf(whole, sizeof whole, "%s/%s", here, path);
    }
    if (strncmp(whole, root, root_length) != 0) return NULL;
    if (whole[root_length] != '/' && whole[root_length] != 0) return NULL;
    /* The index of the log is shared memory: nothing of it counts after a loss of power. */
    size_t length = strlen(whole);
    if (length > 4 && strcmp(whole + length - 4, "-shm") == 0) return NULL;
    if (strstr(whole, ".lock")) return NULL;
    return strdup(whole);
}

static const char *path_of(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? paths[fd] : NULL;
}

static void note(char op, const char *path, int64_t offset, const void *data, size_t length) {
    if (record < 0) return;
    struct __attribute__((packed)) {
        char op;
        uint8_t unused;
        uint16_t path;
        uint32_t length;
        int64_t offset;
    } head = {op, 0, (uint16_t)strlen(path), (uint32_t)length, offset};
    char *bytes = malloc(sizeof head + head.path + length);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, path, head.path);
    if (length) memcpy(bytes + sizeof head + head.path, data, length);
    syscall(SYS_write, record, bytes, sizeof head + head.path + length);
    free(bytes);
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* What befalls this call. Called with the lock held. */
static enum action befalls(enum kind kind) {
    if (!(control->mask >> kind & 1)) return NOTHING;
    uint64_t number = ++control->calls;
    if (!control->first || number < control->first || number > control->last) return NOTHING;
    control->acted++;
    if (control->action == KILL_BEFORE) die();
    if (control->action == FAIL) errno = (int)control->error;
    return (enum action)control->action;
}

/* Room for a file that grows to `end`; false where there is none. */
static int takes(int fd, int64_t end) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || end <= status.st_size) return 1;
    uint64_t more = (uint64_t)(end - status.st_size);
    if (control->quota && control->used + more > control->quota) {
        errno = ENOSPC;
        return 0;
    }
    control->used += more;
    return 1;
}

static void gives_back(const char *path) {
    struct stat status;
    if (stat(path, &status) == 0 && status.st_nlink == 1) control->used -= (uint64_t)status.st_size;
}

/* ---- opening ---- */

static int opened(int fd, char *path, int flags, int was_there) {
    if (fd < 0 || !path || fd >= DESCRIPTORS) {
        free(path);
        return fd;
    }
    free(paths[fd]);
    paths[fd] = path;
    if (flags & O_CREAT && !was_there) note('C', path, 0, NULL, 0);
    if (flags & O_TRUNC && was_there) note('T', path, 0, NULL, 0);
    return fd;
}

static int open_any(int directory, const char *name, int flags, mode_t mode) {
    char *path = directory == AT_FDCWD || name[0] == '/' ? below(name) : NULL;
    if (!path) return (int)syscall(SYS_openat, directory, name, flags, mode);
    pthread_mutex_lock(&lock);
    int was_there = access(path, F_OK) == 0, fd = -1;
    int writes = (flags & O_ACCMODE) != O_RDONLY;
    if ((writes ? befalls(OPEN) : NOTHING) != FAIL) {
        if (flags & O_TRUNC && was_there) gives_back(path);
        fd = (int)syscall(SYS_openat, directory, name, flags, mode);
    }
    fd = opened(fd, path, flags, was_there);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags)                                  \
    mode_t mode = 0;                                 \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {         \
        va_list list;                                \
        va_start(list, flags);                       \
        mode = va_arg(list, mode_t);                 \
        va_end(list);                                \
    }

int open(const char *name, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, name, flags, mode);
}
int openat(int directory, const char *name, int flags, ...) {
    MODE(flags)
    return open_any(directory, name, flags, mode);
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (path_of(fd)) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    int result = (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&lock);
    return result;
}

/* ---- reading and writing ---- */

ssize_t pread64(int fd, void *data, size_t length, off64_t offset) {
    if (path_of(fd)) {
        pthread_mutex_lock(&lock);
        enum action action = befalls(READ);
        pthread_mutex_unlock(&lock);
        if (action == FAIL) return -1;
        if (action == SHORT) length /= 2;
    }
    return syscall(SYS_pread64, fd, data, length, offset);
}
ssize_t pread(int fd, void *data, size_t length, off_t offset) {
    return pread64(fd, data, length, offset);
}

/* `offset` -1: where the file stands. */
static ssize_t write_any(int fd, const void *data, size_t length, int64_t offset) {
    const char *path = path_of(fd);
    if (!path) {
        ssize_t done = offset < 0 ? syscall(SYS_write, fd, data, length)
                                  : syscall(SYS_pwrite64, fd, data, length, offset);
        /* What the program says it has done stands in the record at its place. */
        if (fd == 1 && done > 0 && record >= 0) {
            pthread_mutex_lock(&lock);
            note('A', "", 0, data, (size_t)done);
            pthread_mutex_unlock(&lock);
        }
        return done;
    }
    pthread_mutex_lock(&lock);
    int64_t at = offset;
    if (at < 0) {
        int appends = fcntl(fd, F_GETFL) & O_APPEND;
        at = lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
    }
    ssize_t done = -1;
    enum action action = befalls(WRITE);
    if (action == SHORT || action == KILL_WITHIN) length = length > 1 ? length / 2 : length;
    if (action == LIE) {
        done = (ssize_t)length;
    } else if (action != FAIL && takes(fd, at + (int64_t)length)) {
        done = offset < 0 ? syscall(SYS_write, fd, data, length)
                          : syscall(SYS_pwrite64, fd, data, length, offset);
        if (done > 0) note('W', path, at, data, (size_t)done);
    }
    if (action == KILL_WITHIN) die();
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return write_any(fd, data, length, -1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return write_any(fd, data, length, offset);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    return write_any(fd, data, length, offset);
}

static int sync_any(int fd, long call) {
    const char *path = path_of(fd);
    if (!path) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (befalls(SYNC) != FAIL) result = control->pretend_sync ? 0 : (int)syscall(call, fd);
    if (!control->pretend_sync) note(result == 0 ? 'S' : 'F', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

int ftruncate64(int fd, off64_t length) {
    const char *path = path_of(fd);
    if (!path) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int result = -1;
    struct stat status;
    int64_t before = fstat(fd, &status) == 0 ? status.st_size : 0;
    if (befalls(TRUNCATE) != FAIL && takes(fd, length)) {
        result = (int)syscall(SYS_ftruncate, fd, length);
        if (result == 0) {
            if (length < before) control->used -= (uint64_t)(before - length);
            note('T', path, length, NULL, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* ---- names ---- */

int unlink(const char *name) {
    char *path = below(name);
    if (!path) return (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (access(path, F_OK) != 0) {
        errno = ENOENT;
    } else if (befalls(UNLINK) != FAIL) {
        gives_back(path);
        result = (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
        if (result == 0) note('U', path, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    free(path);
    return result;
}

int rename(const char *from, const char *to) {
    char *old = below(from), *new = below(to);
    if (!old || !new) {
        free(old);
        free(new);
        return (int)syscall(SYS_rename, from, to);
    }
    pthread_mutex_lock(&lock);
    int result = -1;
    if (befalls(RENAME) != FAIL) {
        gives_back(new);
        result = (int)syscall(SYS_rename, from, to);
        if (result == 0) note('R', old, 0, new, strlen(new));
        for (int fd = 0; result == 0 && fd < DESCRIPTORS; fd++) {
            if (paths[fd] && strcmp(paths[fd], old) == 0) {
                free(paths[fd]);
                paths[fd] = strdup(new);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    free(old);
    free(new);
    return result;
}

/* ---- room and time ---- */

int statvfs(const char *name, struct statvfs *answer) {
    int result = REAL(statvfs)(name, answer);
    char *path = control->quota ? below(name) : NULL;
    if (result == 0 && path && answer->f_frsize) {
        uint64_t used = control->used, room = control->quota;
        uint64_t free_bytes = used < room ? room - used : 0;
        answer->f_blocks = room / answer->f_frsize;
        answer->f_bfree = answer->f_bavail = free_bytes / answer->f_frsize;
    }
    free(path);
    return result;
}
int statvfs64(const char *name, struct statvfs64 *answer) {
    return statvfs(name, (struct statvfs *)answer);
}

int clock_gettime(clockid_t clock, struct timespec *answer) {
    int result = (int)syscall(SYS_clock_gettime, clock, answer);
    int64_t shift = control->clock_milliseconds;
    if (result == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t all = answer->tv_sec * 1000000000LL + answer->tv_nsec + shift * 1000000;
        answer->tv_sec = all / 1000000000;
        answer->tv_nsec = all % 1000000000;
    }
    return result;
}
int gettimeofday(struct timeval *restrict answer, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    answer->tv_sec = now.tv_sec;
    answer->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *answer) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (answer) *answer = now.tv_sec;
    return now.tv_sec;
}

/* ---- SQLite ---- */

/* $FAULT_CHECKPOINT pages of log, in place of 1000: short runs have checkpoints too. */
int sqlite3_open_v2(const char *name, void **connection, int flags, const char *vfs) {
    int (*real)(const char *, void **, int, const char *) = dlsym(RTLD_NEXT, "sqlite3_open_v2");
    int (*checkpoint)(void *, int) = dlsym(RTLD_NEXT, "sqlite3_wal_autocheckpoint");
    int result = real(name, connection, flags, vfs);
    const char *pages = getenv("FAULT_CHECKPOINT");
    if (result == 0 && pages && checkpoint) checkpoint(*connection, atoi(pages));
    return result;
}
