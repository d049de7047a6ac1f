// Stands between a process and the files of one folder, as LD_PRELOAD: fails, shortens, kills, turns the clock, and records.
//
// Everything it is told stands in a mapped control file (FAULTS_CONTROL, the struct below, little-endian 64-bit words), so that it can be
// told while the process runs. FAULTS_FOLDER: only files below it count. FAULTS_RECORD: where every change goes, in the order in which it
// happened; "" or absent: nowhere. A record is: 10 words (kind, begin ns, end ns, file, other, offset, length, result, path bytes, data
// bytes), then path and data. A file is known by a number given when it is first opened.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FD_MAX = 65536, LOG_JOURNAL = 1, CHECKPOINT_FILE = 2, OTHER_FILE = 4, LOG_DATABASE = 8 };
enum { OPENED = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, CREATED, FOLDER_SYNC, MAKE_FOLDER, LINK };

struct control {
    volatile uint64_t files;         // which sorts of file count (bits above)
    volatile uint64_t write_at;      // the n-th write from now fails; 0: none
    volatile uint64_t write_every;   // and then every n-th
    volatile uint64_t write_error;   // errno; 0: none
    volatile uint64_t write_short;   // bytes that are written all the same, in 1/256 of what was asked
    volatile uint64_t write_kill;
    volatile uint64_t sync_at, sync_every, sync_error, sync_kill;
    volatile uint64_t every_error;   // errno of every change until set to 0 (disk full, read-only)
    volatile int64_t clock_seconds;  // added to CLOCK_REALTIME
    volatile uint64_t writes, syncs; // counted
    volatile uint64_t fired, fired_at, fired_file; // how often, first when (CLOCK_MONOTONIC ns), on what sort
};

static struct control none, *control = &none;
static char folder[PATH_MAX];
static size_t folder_length;
static int record = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
// What is known of each descriptor: file number (0: not ours) and its sort.
static struct { uint32_t file; uint8_t sort, is_folder; } known[FD_MAX];
static struct { uint64_t inode; uint32_t number; } numbers[8192];
static uint32_t number_count;

#define REAL(result, name, ...) \
    static result (*real_##name)(__VA_ARGS__); \
    if (!real_##name) real_##name = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static uint64_t now(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL"), *below = getenv("FAULTS_FOLDER"), *to = getenv("FAULTS_RECORD");
    if (!path || !below || !realpath(below, folder)) return;
    folder_length = strlen(folder);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (memory != MAP_FAILED) control = memory;
    if (to && *to) record = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int absolute(const char *path, char *out) {
    char whole[PATH_MAX];
    if (path[0] != '/') {
        if (!getcwd(whole, sizeof whole) || strlen(whole) + strlen(path) + 2 > sizeof whole) return 0;
        strcat(strcat(whole, "/"), path);
        path = whole;
    }
    // The file itself may not be there: its folder is.
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];
    if (slash == path || (size_t)(slash - path) >= sizeof parent) return 0;
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = 0;
    if (!realpath(parent, out) || strlen(out) + strlen(slash) >= PATH_MAX) return 0;
    strcat(out, slash);
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/') out[--length] = 0;
    return 1;
}

// The path below the folder; NULL: not ours. The wal-index is shared memory and worth nothing after a restart.
static const char *ours(const char *path, char *buffer) {
    if (!folder_length || !path || !absolute(path, buffer) || strncmp(buffer, folder, folder_length)) return NULL;
    if (buffer[folder_length] == 0) return ".";
    if (buffer[folder_length] != '/') return NULL;
    size_t length = strlen(buffer);
    if (length > 4 && !strcmp(buffer + length - 4, "-shm")) return NULL;
    return buffer + folder_length + 1;
}

static uint8_t sort_of(const char *name) {
    if (strstr(name, "-log.db-wal")) return LOG_JOURNAL;
    if (strstr(name, "-log.db")) return LOG_DATABASE;
    return strstr(name, "checkpoint") ? CHECKPOINT_FILE : OTHER_FILE;
}

static void put(int kind, uint64_t began, uint32_t file, uint64_t other, uint64_t offset, uint64_t length, int64_t result,
                const char *path, const void *data, uint64_t data_length) {
    if (record < 0) return;
    uint64_t path_length = path ? strlen(path) : 0;
    uint64_t head[10] = {(uint64_t)kind, began, now(), file, other, offset, length, (uint64_t)result, path_length, data_length};
    struct iovec parts[3] = {{head, sizeof head}, {(void *)path, path_length}, {(void *)data, data_length}};
    syscall(SYS_writev, record, parts, 3);
}

static uint32_t number_of(int fd) {
    struct stat facts;
    if (fstat(fd, &facts)) return 0;
    for (uint32_t i = 0; i < number_count; i++) if (numbers[i].inode == facts.st_ino) return numbers[i].number;
    if (number_count == 8192) return 0;
    numbers[number_count].inode = facts.st_ino;
    numbers[number_count].number = number_count + 1;
    return ++number_count;
}

static void forget(uint64_t inode) {
    for (uint32_t i = 0; i < number_count; i++) if (numbers[i].inode == inode) numbers[i].inode = 0;
}

static void fire(uint8_t sort) {
    if (control->fired++ == 0) {
        control->fired_at = now();
        control->fired_file = sort;
    }
}

// True: it is the turn of this one.
static int turn(volatile uint64_t *at, uint64_t every) {
    if (!*at || --*at) return 0;
    *at = every;
    return 1;
}

static int refused(uint8_t sort) {
    if (!control->every_error || !(control->files & sort)) return 0;
    fire(sort);
    errno = (int)control->every_error;
    return 1;
}

static void die(void) { syscall(SYS_kill, syscall(SYS_getpid), SIGKILL); }

static int opened(int fd, const char *path, int existed) {
    char buffer[PATH_MAX];
    const char *name;
    if (fd < 0 || fd >= FD_MAX) return fd;
    known[fd].file = 0;
    if (!(name = ours(path, buffer))) return fd;
    struct stat facts;
    if (fstat(fd, &facts)) return fd;
    pthread_mutex_lock(&mutex);
    known[fd].file = number_of(fd);
    known[fd].sort = sort_of(name);
    known[fd].is_folder = S_ISDIR(facts.st_mode);
    if (!known[fd].is_folder) put(existed ? OPENED : CREATED, now(), known[fd].file, 0, 0, 0, 0, name, NULL, 0);
    pthread_mutex_unlock(&mutex);
    return fd;
}

static int open_any(int at, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *name = at == AT_FDCWD || path[0] == '/' ? ours(path, buffer) : NULL;
    struct stat facts;
    int existed = !name || stat(path, &facts) == 0;
    if (name && (flags & O_ACCMODE) != O_RDONLY && control->every_error == EROFS && refused(sort_of(name))) return -1;
    if (name && !existed && (flags & O_CREAT) && refused(sort_of(name))) return -1;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && name && existed && (flags & O_TRUNC)) {
        opened(fd, path, 1);
        pthread_mutex_lock(&mutex);
        put(TRUNCATE, now(), known[fd].file, 0, 0, 0, 0, NULL, NULL, 0);
        pthread_mutex_unlock(&mutex);
        return fd;
    }
    return name ? opened(fd, path, existed) : (fd >= 0 && fd < FD_MAX ? (known[fd].file = 0, fd) : fd);
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | __O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
int open(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return open_any(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return open_any(at, path, flags | O_LARGEFILE, mode); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FD_MAX) known[fd].file = 0;
    return (int)syscall(SYS_close, fd);
}

static int is_known(int fd) { return fd >= 0 && fd < FD_MAX && known[fd].file && !known[fd].is_folder; }

static ssize_t write_any(int fd, const void *bytes, size_t count, off_t offset, int is_positioned) {
    uint8_t sort = known[fd].sort;
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    size_t wanted = count;
    int error = 0;
    if (control->files & sort) {
        control->writes++;
        if (refused(sort)) {
            error = errno;
            wanted = 0;
        } else if (turn(&control->write_at, control->write_every)) {
            fire(sort);
            wanted = count * control->write_short / 256;
            error = (int)control->write_error;
        } else {
            goto whole;
        }
        if (wanted && !is_positioned) offset = lseek(fd, 0, SEEK_CUR);
        ssize_t done = wanted ? (is_positioned ? (ssize_t)syscall(SYS_pwrite64, fd, bytes, wanted, offset) : (ssize_t)syscall(SYS_write, fd, bytes, wanted)) : 0;
        if (done > 0) put(WRITE, began, known[fd].file, 0, (uint64_t)offset, (uint64_t)done, done, NULL, bytes, (uint64_t)done);
        if (control->write_kill) die();
        pthread_mutex_unlock(&mutex);
        if (done > 0) return done;
        errno = error ? error : EIO;
        return -1;
    }
whole:
    if (!is_positioned) offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = is_positioned ? (ssize_t)syscall(SYS_pwrite64, fd, bytes, count, offset) : (ssize_t)syscall(SYS_write, fd, bytes, count);
    int saved = errno;
    if (done > 0) put(WRITE, began, known[fd].file, 0, (uint64_t)offset, (uint64_t)done, done, NULL, bytes, (uint64_t)done);
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return is_known(fd) ? write_any(fd, bytes, count, offset, 1) : (ssize_t)syscall(SYS_pwrite64, fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return pwrite(fd, bytes, count, offset); }
ssize_t write(int fd, const void *bytes, size_t count) {
    return is_known(fd) ? write_any(fd, bytes, count, 0, 0) : (ssize_t)syscall(SYS_write, fd, bytes, count);
}

static int truncate_any(int fd, off_t length) {
    if (!is_known(fd)) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    int result = refused(known[fd].sort) ? -1 : (int)syscall(SYS_ftruncate, fd, length), saved = errno;
    if (!result) put(TRUNCATE, began, known[fd].file, 0, (uint64_t)length, 0, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return result;
}
int ftruncate(int fd, off_t length) { return truncate_any(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_any(fd, length); }

static int sync_any(int fd, long call) {
    if (fd < 0 || fd >= FD_MAX || !known[fd].file) return (int)syscall(call, fd);
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    int result = 0, error = 0;
    if (control->files & known[fd].sort && !known[fd].is_folder) {
        control->syncs++;
        if (turn(&control->sync_at, control->sync_every)) {
            fire(known[fd].sort);
            if (control->sync_kill) die();
            error = (int)control->sync_error;
        }
    }
    if (error) {
        result = -1;
    } else {
        result = (int)syscall(call, fd);
        error = errno;
        if (!result) {
            char link[64], path[PATH_MAX], buffer[PATH_MAX];
            const char *name = NULL;
            if (known[fd].is_folder) {
                ssize_t length;
                strcpy(link, "/proc/self/fd/");
                char digits[12];
                int at = 12, rest = fd;
                digits[--at] = 0;
                do digits[--at] = (char)('0' + rest % 10); while (rest /= 10);
                strcat(link, digits + at);
                if ((length = readlink(link, path, sizeof path - 1)) > 0) {
                    path[length] = 0;
                    name = ours(path, buffer);
                }
            }
            put(known[fd].is_folder ? FOLDER_SYNC : SYNC, began, known[fd].file, 0, 0, 0, 0, name, NULL, 0);
        }
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}
int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

int rename(const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    const char *x = ours(from, a), *y = ours(to, b);
    if (y && refused(sort_of(y))) return -1;
    struct stat facts;
    int replaces = y && stat(to, &facts) == 0;
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    int result = (int)syscall(SYS_rename, from, to), saved = errno;
    if (!result && x && y) {
        if (replaces) forget(facts.st_ino);
        put(RENAME, began, 0, 0, 0, 0, 0, x, y, strlen(y));
    }
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return result;
}

static int unlink_any(const char *path) {
    char buffer[PATH_MAX];
    const char *name = ours(path, buffer);
    if (name && control->every_error == EROFS && refused(sort_of(name))) return -1;
    struct stat facts;
    int is_there = name && stat(path, &facts) == 0;
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    int result = (int)syscall(SYS_unlink, path), saved = errno;
    if (!result && name) {
        if (is_there && facts.st_nlink == 1) forget(facts.st_ino);
        put(UNLINK, began, 0, 0, 0, 0, 0, name, NULL, 0);
    }
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return result;
}
int unlink(const char *path) { return unlink_any(path); }

int link(const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    const char *x = ours(from, a), *y = ours(to, b);
    if (y && refused(sort_of(y))) return -1;
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    int result = (int)syscall(SYS_link, from, to), saved = errno;
    if (!result && x && y) put(LINK, began, 0, 0, 0, 0, 0, x, y, strlen(y));
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return result;
}

int mkdir(const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *name = ours(path, buffer);
    if (name && refused(sort_of(name))) return -1;
    pthread_mutex_lock(&mutex);
    uint64_t began = now();
    int result = (int)syscall(SYS_mkdir, path, mode), saved = errno;
    if (!result && name) put(MAKE_FOLDER, began, 0, 0, 0, 0, 0, name, NULL, 0);
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return result;
}

static int turned(clockid_t which) { return which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE; }
int clock_gettime(clockid_t which, struct timespec *time) {
    REAL(int, clock_gettime, clockid_t, struct timespec *);
    int result = real_clock_gettime(which, time);
    if (!result && turned(which)) time->tv_sec += control->clock_seconds;
    return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    REAL(int, gettimeofday, struct timeval *, void *);
    int result = real_gettimeofday(time, zone);
    if (!result && time) time->tv_sec += control->clock_seconds;
    return result;
}
time_t time(time_t *out) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (out) *out = t.tv_sec;
    return t.tv_sec;
}
