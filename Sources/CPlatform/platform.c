#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

// One call fills at most this many events; the rest come with the next call.
#define MAX_EVENTS 256

static uint32_t to_epoll(uint32_t interest) {
    uint32_t events = 0;
    if (interest & CPLATFORM_READABLE) events |= EPOLLIN | EPOLLRDHUP;
    if (interest & CPLATFORM_WRITABLE) events |= EPOLLOUT;
    if (interest & CPLATFORM_EDGE) events |= EPOLLET;
    return events;
}

static int32_t control(int32_t epoll, int operation, int32_t fd, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.events = to_epoll(interest), .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : -errno;
}

int32_t cplatform_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int32_t cplatform_epoll_add(int32_t epoll, int32_t fd, uint32_t interest, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, fd, interest, token);
}

int32_t cplatform_epoll_modify(int32_t epoll, int32_t fd, uint32_t interest, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, fd, interest, token);
}

int32_t cplatform_epoll_remove(int32_t epoll, int32_t fd) {
    return control(epoll, EPOLL_CTL_DEL, fd, 0, 0);
}

int32_t cplatform_epoll_wait(
    int32_t epoll, cplatform_event *events, int32_t capacity, int32_t timeout_ms) {
    struct epoll_event ready[MAX_EVENTS];
    if (capacity > MAX_EVENTS) capacity = MAX_EVENTS;
    int count = epoll_wait(epoll, ready, capacity, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        uint32_t bits = 0;
        if (ready[i].events & EPOLLIN) bits |= CPLATFORM_READABLE;
        if (ready[i].events & EPOLLOUT) bits |= CPLATFORM_WRITABLE;
        if (ready[i].events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) bits |= CPLATFORM_HANGUP;
        events[i].token = ready[i].data.u64;
        events[i].ready = bits;
    }
    return count;
}

int32_t cplatform_eventfd_create(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd >= 0 ? fd : -errno;
}

int32_t cplatform_eventfd_signal(int32_t fd) {
    return eventfd_write(fd, 1) == 0 || errno == EAGAIN ? 0 : -errno;
}

int32_t cplatform_eventfd_drain(int32_t fd) {
    eventfd_t value;
    return eventfd_read(fd, &value) == 0 || errno == EAGAIN ? 0 : -errno;
}

void cplatform_set_thread_name(const char *name) {
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np(pthread_self(), kept);
}

int32_t cplatform_notify(const char *path, const char *text, size_t length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t path_length = strlen(path);
    if (path_length < 2 || path_length >= sizeof address.sun_path) return -EINVAL;
    memcpy(address.sun_path, path, path_length);
    if (path[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_length);
    ssize_t sent =
        sendto(fd, text, length, MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    int32_t result = sent < 0 ? -errno : 0;
    close(fd);
    return result;
}

int32_t cplatform_lock(int32_t fd) {
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
}

int32_t cplatform_open_pty(char *slave_path, size_t capacity) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -errno;
    int result = grantpt(master) != 0 || unlockpt(master) != 0 ? -errno : 0;
    if (result == 0) result = -ptsname_r(master, slave_path, capacity);
    struct termios settings;
    if (result == 0 && tcgetattr(master, &settings) == 0) {
        // Without raw mode the line discipline would echo and translate bytes.
        cfmakeraw(&settings);
        if (tcsetattr(master, TCSANOW, &settings) != 0) result = -errno;
    }
    if (result < 0) {
        close(master);
        return result;
    }
    return master;
}

int32_t cplatform_window_size(int32_t fd, int32_t *columns, int32_t *rows) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return -errno;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

int32_t cplatform_resolve(
    const char *host, uint16_t port, int32_t numeric, uint8_t *address, size_t capacity) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    hints.ai_flags = numeric ? AI_NUMERICHOST | AI_NUMERICSERV : AI_ADDRCONFIG | AI_NUMERICSERV;
    char service[8];
    int digits = 0;
    char reversed[8];
    unsigned rest = port;
    do {
        reversed[digits++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    for (int i = 0; i < digits; i++) service[i] = reversed[digits - 1 - i];
    service[digits] = 0;
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host, service, &hints, &list);
    if (code == EAI_SYSTEM) return -errno;
    if (code != 0) return -(100000 - code);
    int32_t result = -EOVERFLOW;
    if (list->ai_addrlen <= capacity) {
        memcpy(address, list->ai_addr, list->ai_addrlen);
        result = (int32_t)list->ai_addrlen;
    }
    freeaddrinfo(list);
    return result;
}

const char *cplatform_resolve_error(int32_t result) {
    return result <= -100000 ? gai_strerror(100000 + result) : strerror(-result);
}

int32_t cplatform_numeric_host(
    const uint8_t *address, size_t length, char *text, size_t capacity) {
    struct sockaddr_storage storage;
    if (length > sizeof storage) return -EINVAL;
    memcpy(&storage, address, length);
    int code = getnameinfo(
        (struct sockaddr *)&storage, (socklen_t)length, text, (socklen_t)capacity, NULL, 0,
        NI_NUMERICHOST);
    return code == 0 ? 0 : -EINVAL;
}

static int new_socket(const uint8_t *address, size_t length, struct sockaddr_storage *storage) {
    if (length > sizeof *storage) return -EINVAL;
    memcpy(storage, address, length);
    int fd = socket(storage->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

int32_t cplatform_tcp_connect(const uint8_t *address, size_t length) {
    struct sockaddr_storage storage;
    int fd = new_socket(address, length, &storage);
    if (fd < 0) return fd;
    // Libraries that wait with select cannot take descriptors from FD_SETSIZE: the low ones are
    // left to them. Where the limit of open files is as low, the low one has to do.
    int high = fd < FD_SETSIZE ? fcntl(fd, F_DUPFD_CLOEXEC, FD_SETSIZE) : -1;
    if (high >= 0) {
        close(fd);
        fd = high;
    }
    int one = 1;
    // Requests are single small segments: waiting to fill a larger one only adds delay.
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&storage, (socklen_t)length) != 0 && errno != EINPROGRESS) {
        int32_t result = -errno;
        close(fd);
        return result;
    }
    return fd;
}

int32_t cplatform_socket_error(int32_t fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno;
}

int32_t cplatform_tcp_listen(const uint8_t *address, size_t length) {
    struct sockaddr_storage storage;
    int fd = new_socket(address, length, &storage);
    if (fd < 0) return fd;
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&storage, (socklen_t)length) != 0 || listen(fd, 128) != 0) {
        int32_t result = -errno;
        close(fd);
        return result;
    }
    return fd;
}

int32_t cplatform_tcp_accept(int32_t fd) {
    int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) return -errno;
    int one = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return connection;
}

int32_t cplatform_local_port(int32_t fd) {
    struct sockaddr_storage storage;
    socklen_t size = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &size) != 0) return -errno;
    if (storage.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&storage)->sin_port);
    if (storage.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
    return -EAFNOSUPPORT;
}

int64_t cplatform_receive(int32_t fd, uint8_t *bytes, size_t capacity) {
    for (;;) {
        ssize_t count = recv(fd, bytes, capacity, MSG_DONTWAIT);
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}

int64_t cplatform_send(int32_t fd, const uint8_t *bytes, size_t length) {
    for (;;) {
        ssize_t count = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}
