#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <time.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

// One call moves at most this many datagrams; the rest go with the next call.
#define MAX_BATCH 64

union any_address {
    struct sockaddr base;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static uint64_t eight_octets(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

static int32_t to_peer(const union any_address *address, cplatform_peer *peer) {
    memset(peer, 0, sizeof *peer);
    if (address->base.sa_family == AF_INET) {
        peer->low = ntohl(address->four.sin_addr.s_addr);
        peer->port = ntohs(address->four.sin_port);
        peer->family = 4;
        return 0;
    }
    if (address->base.sa_family == AF_INET6) {
        peer->high = eight_octets(address->six.sin6_addr.s6_addr);
        peer->low = eight_octets(address->six.sin6_addr.s6_addr + 8);
        peer->scope = address->six.sin6_scope_id;
        peer->port = ntohs(address->six.sin6_port);
        peer->family = 6;
        return 0;
    }
    return -EAFNOSUPPORT;
}

static socklen_t from_peer(const cplatform_peer *peer, union any_address *address) {
    memset(address, 0, sizeof *address);
    if (peer->family == 4) {
        address->four.sin_family = AF_INET;
        address->four.sin_addr.s_addr = htonl((uint32_t)peer->low);
        address->four.sin_port = htons(peer->port);
        return sizeof address->four;
    }
    address->six.sin6_family = AF_INET6;
    for (int i = 0; i < 8; i++) {
        address->six.sin6_addr.s6_addr[i] = (uint8_t)(peer->high >> (56 - 8 * i));
        address->six.sin6_addr.s6_addr[8 + i] = (uint8_t)(peer->low >> (56 - 8 * i));
    }
    address->six.sin6_scope_id = peer->scope;
    address->six.sin6_port = htons(peer->port);
    return sizeof address->six;
}

int32_t cplatform_peer_of(const uint8_t *address, size_t length, cplatform_peer *peer) {
    union any_address copy;
    memset(&copy, 0, sizeof copy);
    if (length < sizeof copy.base.sa_family || length > sizeof copy) return -EINVAL;
    memcpy(&copy, address, length);
    return to_peer(&copy, peer);
}

int32_t cplatform_datagram_open(int32_t family, int32_t receive_bytes, int32_t *granted_bytes) {
    int domain = family == 6 ? AF_INET6 : AF_INET;
    int fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int one = 1;
    // Without it the kernel tells of refused ports on connected sockets only.
    if (family == 6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof one);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one);
    }
    // The first is for administrators only and goes beyond net.core.rmem_max.
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    socklen_t size = sizeof *granted_bytes;
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, granted_bytes, &size) != 0) *granted_bytes = 0;
    return fd;
}

int32_t cplatform_datagrams_send(
    int32_t fd, const uint8_t *bytes, const cplatform_datagram *list, int32_t count) {
    struct mmsghdr messages[MAX_BATCH];
    struct iovec parts[MAX_BATCH];
    union any_address addresses[MAX_BATCH];
    if (count > MAX_BATCH) count = MAX_BATCH;
    for (int i = 0; i < count; i++) {
        parts[i].iov_base = (void *)(bytes + list[i].offset);
        parts[i].iov_len = list[i].length;
        memset(&messages[i], 0, sizeof messages[i]);
        messages[i].msg_hdr.msg_name = &addresses[i];
        messages[i].msg_hdr.msg_namelen = from_peer(&list[i].peer, &addresses[i]);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        int sent = sendmmsg(fd, messages, (unsigned)count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) return sent;
        if (errno != EINTR) return -errno;
    }
}

int32_t cplatform_datagrams_receive(
    int32_t fd, uint8_t *bytes, uint32_t slot, cplatform_datagram *list, int32_t count) {
    struct mmsghdr messages[MAX_BATCH];
    struct iovec parts[MAX_BATCH];
    union any_address addresses[MAX_BATCH];
    if (count > MAX_BATCH) count = MAX_BATCH;
    for (int i = 0; i < count; i++) {
        parts[i].iov_base = bytes + (size_t)i * slot;
        parts[i].iov_len = slot;
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &addresses[i], .msg_namelen = sizeof addresses[i], .msg_iov = &parts[i],
            .msg_iovlen = 1};
    }
    int received;
    do {
        received = recvmmsg(fd, messages, (unsigned)count, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    for (int i = 0; i < received; i++) {
        list[i].offset = (uint32_t)i * slot;
        list[i].length = messages[i].msg_hdr.msg_flags & MSG_TRUNC ? 0 : messages[i].msg_len;
        if (to_peer(&addresses[i], &list[i].peer) != 0) list[i].length = 0;
    }
    return received;
}

int32_t cplatform_datagram_error(int32_t fd, cplatform_peer *peer) {
    union any_address address;
    uint8_t quoted[8];
    struct iovec part = {.iov_base = quoted, .iov_len = sizeof quoted};
    _Alignas(struct cmsghdr) uint8_t control[512];
    memset(&address, 0, sizeof address);
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control};
    ssize_t count;
    do {
        count = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    if (to_peer(&address, peer) != 0) memset(peer, 0, sizeof *peer);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        int four = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
        int six = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
        if (!four && !six) continue;
        struct sock_extended_err error;
        memcpy(&error, CMSG_DATA(c), sizeof error);
        return (int32_t)(error.ee_errno & 0xFFFF);
    }
    return 0;
}

int32_t cplatform_random(uint8_t *bytes, size_t count) {
    // Up to 256 bytes come whole and are not interrupted (getrandom(2)).
    if (count > 256) return -EINVAL;
    return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -EIO;
}
