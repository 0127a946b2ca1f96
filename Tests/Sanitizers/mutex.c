// What ThreadSanitizer cannot see of `Synchronization.Mutex`. Its fast path is compiled into our
// code, as atomics that are followed. Where threads meet it goes into Swift's own library, which is
// not instrumented, and the kernel hands the lock over (FUTEX_LOCK_PI): the order of the two
// threads is not seen, and all that the lock guards looks like a race.
//
// Loaded before that library (LD_PRELOAD, see scripts/sanitize), these functions stand in the place
// of the slow ones, call them, and tell of the order. Nothing is suppressed: a race on what a Mutex
// should guard is found, as is one on anything else.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

typedef SWIFT void lock_function(uint32_t thread, SELF);
typedef SWIFT bool try_function(SELF);
typedef SWIFT void unlock_function(SELF);

static lock_function *real_lock;
static try_function *real_try;
static unlock_function *real_unlock;

__attribute__((constructor)) static void find(void) {
    // Processes that the tests start are none of ours.
    unsetenv("LD_PRELOAD");
    real_lock = (lock_function *)dlsym(RTLD_NEXT, LOCK);
    real_try = (try_function *)dlsym(RTLD_NEXT, TRY);
    real_unlock = (unlock_function *)dlsym(RTLD_NEXT, UNLOCK);
    if (real_lock && real_try && real_unlock) return;
    fputs("Swift's Mutex has other functions than Tests/Sanitizers/mutex.c knows\n", stderr);
    abort();
}

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool try_slow(SELF) __asm__(TRY);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF) {
    real_lock(thread, self);
    __tsan_acquire(self);
}

SWIFT bool try_slow(SELF) {
    bool taken = real_try(self);
    if (taken) __tsan_acquire(self);
    return taken;
}

SWIFT void unlock_slow(SELF) {
    __tsan_release(self);
    real_unlock(self);
}
