/* Tells ThreadSanitizer what Rust's standard library synchronises.

   The library comes compiled, without ThreadSanitizer's calls. What is generic or inlined is compiled with our code and is seen: the
   short way of a lock, an unlock, channels, `Arc`. What is not seen is the long way: to wait for a lock, for a condition, for a
   `Once`. Nor does ThreadSanitizer know fences, one of which ends the life of each `Arc`. The linker leads these calls through here
   (`--wrap`, see `build`). Names are given by `build`: the compiler's, which change with its version. `std.rs` proves that all
   of this is needed, and enough. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void __tsan_acquire(void *);
void __tsan_release(void *);

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define WRAP(symbol) NAME(__wrap_, symbol)
#define REAL(symbol) NAME(__real_, symbol)

void REAL(MUTEX_LOCK_CONTENDED)(void *);
void WRAP(MUTEX_LOCK_CONTENDED)(void *mutex) { REAL(MUTEX_LOCK_CONTENDED)(mutex); __tsan_acquire(mutex); }

void REAL(RWLOCK_READ_CONTENDED)(void *);
void WRAP(RWLOCK_READ_CONTENDED)(void *lock) { REAL(RWLOCK_READ_CONTENDED)(lock); __tsan_acquire(lock); }

void REAL(RWLOCK_WRITE_CONTENDED)(void *);
void WRAP(RWLOCK_WRITE_CONTENDED)(void *lock) { REAL(RWLOCK_WRITE_CONTENDED)(lock); __tsan_acquire(lock); }

void REAL(CONDVAR_WAIT)(void *, void *);
void WRAP(CONDVAR_WAIT)(void *condvar, void *mutex) {
    __tsan_release(mutex);
    REAL(CONDVAR_WAIT)(condvar, mutex);
    __tsan_acquire(mutex);
}

bool REAL(CONDVAR_WAIT_TIMEOUT)(void *, void *, uint64_t, uint32_t);
bool WRAP(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *mutex, uint64_t seconds, uint32_t nanoseconds) {
    __tsan_release(mutex);
    bool woken = REAL(CONDVAR_WAIT_TIMEOUT)(condvar, mutex, seconds, nanoseconds);
    __tsan_acquire(mutex);
    return woken;
}

/* A Rust object behind `&mut dyn FnMut(&OnceState)`. */
struct table { void (*drop)(void *); uintptr_t size, align; void (*call_once)(void *, void *); void (*call_mut)(void *, void *); };
struct closure { void *data; const struct table *table; void *once; };
static void nothing(void *closure) { (void)closure; }
static void run(void *data, void *state) {
    struct closure *closure = data;
    closure->table->call_mut(closure->data, state);
    __tsan_release(closure->once);
}
static const struct table RUN = { nothing, sizeof(struct closure), sizeof(void *), run, run };

void REAL(ONCE_CALL)(void *, bool, void *, const struct table *, const void *);
void WRAP(ONCE_CALL)(void *once, bool even_poisoned, void *data, const struct table *table, const void *place) {
    struct closure closure = { data, table, once };
    REAL(ONCE_CALL)(once, even_poisoned, &closure, &RUN, place);
    __tsan_acquire(once);
}

enum order { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };
int64_t __real___tsan_atomic64_fetch_sub(volatile int64_t *, int64_t, enum order);
int64_t __wrap___tsan_atomic64_fetch_sub(volatile int64_t *count, int64_t less, enum order order) {
    return __real___tsan_atomic64_fetch_sub(count, less, order == RELEASE ? ACQ_REL : order);
}

/* Newer compilers call these; gcc's runtime watches over the plain ones. */
__attribute__((weak)) void *__tsan_memcpy(void *to, const void *from, size_t size) { return memcpy(to, from, size); }
__attribute__((weak)) void *__tsan_memmove(void *to, const void *from, size_t size) { return memmove(to, from, size); }
__attribute__((weak)) void *__tsan_memset(void *to, int byte, size_t size) { return memset(to, byte, size); }
