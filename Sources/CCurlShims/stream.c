#include "ccurl_transfer.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

int32_t ccurl_set_connect_only(ccurl_transfer *t) {
  CURL *e = t->easy;
  CURLcode r = curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
  if (r == CURLE_OK) r = curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, 0L); /* it is no HTTP */
  return r == CURLE_OK ? curl_easy_setopt(e, CURLOPT_PROXY, "") : r;
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether the other side has hung up: what it sends is thrown away. */
static int hung_up(ccurl_transfer *t) {
  uint8_t bytes[512];
  for (int i = 0; i < 16; i++) {
    size_t count = 0;
    CURLcode r = curl_easy_recv(t->easy, bytes, sizeof bytes, &count);
    if (r == CURLE_AGAIN) return 0;
    if (r != CURLE_OK || count == 0) return 1;
  }
  return 0;
}

int32_t ccurl_send_all(ccurl_transfer *t, const uint8_t *bytes, size_t count,
                       int64_t milliseconds) {
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK
      || fd == CURL_SOCKET_BAD) {
    return CCURL_BROKEN;
  }
  int64_t end = now_ms() + milliseconds;
  while (count > 0) {
    size_t sent = 0;
    CURLcode r = curl_easy_send(t->easy, bytes, count, &sent);
    if (r != CURLE_OK && r != CURLE_AGAIN) {
      t->result = r;
      return ccurl_outcome_of(r);
    }
    bytes += sent;
    count -= sent;
    if (now_ms() >= end) return CCURL_TIMEOUT;
    if (r == CURLE_AGAIN) {
      struct pollfd waiting = {.fd = fd, .events = POLLOUT};
      poll(&waiting, 1, 100);
    }
  }
  /* Sent is not arrived: what the peer's TCP has not acknowledged is lost when it goes. */
  for (;;) {
    int unacknowledged = 0;
    if (ioctl(fd, SIOCOUTQ, &unacknowledged) != 0) return CCURL_BROKEN;
    if (unacknowledged == 0) break;
    if (now_ms() >= end) return CCURL_TIMEOUT;
    struct pollfd waiting = {.fd = fd, .events = 0};
    if (poll(&waiting, 1, 5) > 0 && (waiting.revents & (POLLERR | POLLHUP))) return CCURL_BROKEN;
  }
  return hung_up(t) ? CCURL_BROKEN : CCURL_OK;
}
