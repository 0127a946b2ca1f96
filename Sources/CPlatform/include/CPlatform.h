// What Swift's Glibc module hides (macros, variadic functions, _GNU_SOURCE) behind plain functions.
//
// Every function returns 0 or a non-negative result on success and a negated errno on failure, so
// that errno is read where it was set: on the thread and the line of the call.

#ifndef FROSTLINE_CPLATFORM_H
#define FROSTLINE_CPLATFORM_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#define CPLATFORM_READABLE 1u
#define CPLATFORM_WRITABLE 2u
#define CPLATFORM_HANGUP 4u
/* Of an interest only: tells once of each arrival, not for as long as something lies there. */
#define CPLATFORM_EDGE 8u

typedef struct {
    uint64_t token;
    uint32_t ready;
} cplatform_event;

int32_t cplatform_epoll_create(void);
int32_t cplatform_epoll_add(int32_t epoll, int32_t fd, uint32_t interest, uint64_t token);
int32_t cplatform_epoll_modify(int32_t epoll, int32_t fd, uint32_t interest, uint64_t token);
int32_t cplatform_epoll_remove(int32_t epoll, int32_t fd);
/// Waits at most `timeout_ms` (-1: for ever) and fills `events`; an interrupted wait gives 0.
int32_t cplatform_epoll_wait(
    int32_t epoll, cplatform_event *events, int32_t capacity, int32_t timeout_ms);

/// An event counter: `signal` makes it readable, `drain` makes it unreadable again.
int32_t cplatform_eventfd_create(void);
int32_t cplatform_eventfd_signal(int32_t fd);
int32_t cplatform_eventfd_drain(int32_t fd);

/// Names the calling thread; the kernel keeps 15 bytes.
void cplatform_set_thread_name(const char *name);

/// Sends `text` to the socket of the service manager at `path` (`@` first: abstract name).
int32_t cplatform_notify(const char *path, const char *text, size_t length);

/// Takes an exclusive lock without waiting; -EWOULDBLOCK where another process holds it.
int32_t cplatform_lock(int32_t fd);

/// Opens a pseudo-terminal in raw mode; the result is the master, the path goes to `slave_path`.
int32_t cplatform_open_pty(char *slave_path, size_t capacity);

/// The size of the terminal at `fd` in character cells.
int32_t cplatform_window_size(int32_t fd, int32_t *columns, int32_t *rows);

/// Resolves `host` to a stream or datagram address and writes it to `address` (at least 128
/// bytes). With `numeric` no name server is asked. The result is the address's length; a negative
/// result of -100000 and below is a getaddrinfo code: -(100000 - code).
int32_t cplatform_resolve(
    const char *host, uint16_t port, int32_t numeric, uint8_t *address, size_t capacity);
const char *cplatform_resolve_error(int32_t result);
/// Writes the numeric host of `address`, for example `192.0.2.7` or `2001:db8::7`.
int32_t cplatform_numeric_host(
    const uint8_t *address, size_t length, char *text, size_t capacity);

/// Starts a non-blocking connection; the result is the socket. It becomes writable when the
/// connection is made or has failed, which `cplatform_socket_error` tells.
int32_t cplatform_tcp_connect(const uint8_t *address, size_t length);
int32_t cplatform_socket_error(int32_t fd);
/// A non-blocking listening socket; port 0 takes a free one.
int32_t cplatform_tcp_listen(const uint8_t *address, size_t length);
int32_t cplatform_tcp_accept(int32_t fd);
int32_t cplatform_local_port(int32_t fd);
/// At most `capacity` bytes; 0 is the end of the stream, -EAGAIN nothing there now.
int64_t cplatform_receive(int32_t fd, uint8_t *bytes, size_t capacity);
/// Never raises SIGPIPE.
int64_t cplatform_send(int32_t fd, const uint8_t *bytes, size_t length);

/// An IP address and port in numbers, so that two are compared in a few instructions.
typedef struct {
    uint64_t high;
    uint64_t low;
    uint32_t scope;
    uint16_t port;
    /// 4 or 6.
    uint16_t family;
} cplatform_peer;

/// A datagram: `length` bytes from `offset` of the buffer it is passed with.
typedef struct {
    cplatform_peer peer;
    uint32_t offset;
    uint32_t length;
} cplatform_datagram;

int32_t cplatform_peer_of(const uint8_t *address, size_t length, cplatform_peer *peer);
/// A non-blocking UDP socket of the family 4 or 6 that keeps ICMP errors in its error queue.
/// `granted_bytes` is the receive buffer that the kernel gave, which counts its own overhead.
int32_t cplatform_datagram_open(int32_t family, int32_t receive_bytes, int32_t *granted_bytes);
/// Sends up to 64 datagrams; the result is how many of the first ones left.
int32_t cplatform_datagrams_send(
    int32_t fd, const uint8_t *bytes, const cplatform_datagram *list, int32_t count);
/// Takes up to 64 datagrams, each into a slot of `slot` bytes; one that did not fit has length 0.
int32_t cplatform_datagrams_receive(
    int32_t fd, uint8_t *bytes, uint32_t slot, cplatform_datagram *list, int32_t count);
/// Takes one ICMP error: its errno, and the peer that it tells of. -EAGAIN: there is none.
int32_t cplatform_datagram_error(int32_t fd, cplatform_peer *peer);

/// Fills up to 256 bytes that nobody can guess.
int32_t cplatform_random(uint8_t *bytes, size_t count);

/// Starts the program arguments[0], an absolute path, in a process group of its own: `*input` is
/// written to its standard input, `*output` is read of both its outputs; both do not block. It
/// has no other descriptor of ours and no signal mask, and works in `/`. Both arrays end with NULL.
/// The result is the process id.
int32_t cplatform_spawn(
    const char *_Nullable const *_Nonnull arguments,
    const char *_Nullable const *_Nonnull environment,
    int32_t *input, int32_t *output);

/// Whether this processor has an instruction for CRC-32C; asked once, before the next function.
int32_t cplatform_has_crc32c(void);
/// Goes on with `crc` (at first and in the end inverted by the caller) over `bytes`.
uint32_t cplatform_crc32c(uint32_t crc, const uint8_t *bytes, size_t count);

#pragma clang assume_nonnull end

#endif
