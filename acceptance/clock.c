// As LD_PRELOAD: turns the calendar of a process by CLOCK_OFFSET seconds, and leaves the clocks that measure alone.
// (libfaketime changes the environment while the process starts, after which a Swift program no longer finds its arguments.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t offset(void) {
    static const char *text;
    if (!text) text = getenv("CLOCK_OFFSET");
    return text ? (time_t)atoll(text) : 0;
}

int clock_gettime(clockid_t which, struct timespec *out) {
    int result = (int)syscall(SYS_clock_gettime, which, out);
    if (!result && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) out->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

// Deadlines are by the calendar too, and the kernel's is not turned.
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    static int (*real)(sem_t *, const struct timespec *);
    if (!real) real = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    struct timespec turned = {.tv_sec = until->tv_sec - offset(), .tv_nsec = until->tv_nsec};
    return real(semaphore, &turned);
}
