#include "ccurl_shims.h"

#include "ccurl_transfer.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static CURLcode start_result = CURLE_OK;

static void start(void) { start_result = curl_global_init(CURL_GLOBAL_DEFAULT); }

int32_t ccurl_global_start(void) {
  pthread_once(&start_once, start);
  return (int32_t)start_result;
}

ccurl_transfer *ccurl_transfer_create(void) {
  if (ccurl_global_start() != 0) return NULL;
  ccurl_transfer *t = calloc(1, sizeof *t);
  if (t == NULL) return NULL;
  t->easy = curl_easy_init();
  if (t->easy == NULL) {
    free(t);
    return NULL;
  }
  CURL *e = t->easy;
  CURLcode r = CURLE_OK;
  r |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
  r |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L); /* signals belong to the program */
#if LIBCURL_VERSION_NUM >= 0x075500
  r |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  r |= curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  r |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  r |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
  r |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
  r |= curl_easy_setopt(e, CURLOPT_USERAGENT, "frostline");
  if (r != CURLE_OK) {
    ccurl_transfer_free(t);
    return NULL;
  }
  return t;
}

void ccurl_transfer_free(ccurl_transfer *t) {
  if (t == NULL) return;
  curl_easy_cleanup(t->easy);
  curl_slist_free_all(t->headers);
  curl_slist_free_all(t->recipients);
  free(t);
}

int32_t ccurl_set_url(ccurl_transfer *t, const char *url) {
  return curl_easy_setopt(t->easy, CURLOPT_URL, url);
}

int32_t ccurl_set_method(ccurl_transfer *t, const char *method, int32_t without_body) {
  if (without_body) return curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
  return curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
}

int32_t ccurl_add_header(ccurl_transfer *t, const char *line) {
  struct curl_slist *grown = curl_slist_append(t->headers, line);
  if (grown == NULL) return CURLE_OUT_OF_MEMORY;
  t->headers = grown;
  return CURLE_OK;
}

int32_t ccurl_set_body(ccurl_transfer *t, const uint8_t *bytes, size_t count) {
  CURLcode r =
      curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
  if (r != CURLE_OK) return r;
  return curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS,
                          count == 0 ? "" : (const char *)bytes);
}

int32_t ccurl_set_unix_socket(ccurl_transfer *t, const char *path) {
  return curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, path);
}

int32_t ccurl_set_ca_file(ccurl_transfer *t, const char *path) {
  return curl_easy_setopt(t->easy, CURLOPT_CAINFO, path);
}

int32_t ccurl_set_no_proxy(ccurl_transfer *t) {
  return curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
}

int32_t ccurl_set_timeouts(ccurl_transfer *t, int64_t connect, int64_t total,
                           int64_t stall_seconds) {
  CURLcode r = curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
  if (r == CURLE_OK) r = curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)total);
  if (r == CURLE_OK && stall_seconds > 0) {
    r = curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    if (r == CURLE_OK)
      r = curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)stall_seconds);
  }
  return r;
}

static size_t header_arrived(char *bytes, size_t size, size_t count, void *user) {
  ccurl_transfer *t = user;
  size_t total = size * count;
  return t->on_header((const uint8_t *)bytes, total, t->context) ? total : 0;
}

static size_t body_arrived(char *bytes, size_t size, size_t count, void *user) {
  ccurl_transfer *t = user;
  size_t total = size * count;
  return t->on_body((const uint8_t *)bytes, total, t->context) ? total : 0;
}

static int ticked(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  ccurl_transfer *t = user;
  return t->on_tick(t->context) ? 1 : 0;
}

int32_t ccurl_outcome_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return CCURL_OK;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION: return CCURL_BAD_REQUEST;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return CCURL_NAME;
    case CURLE_COULDNT_CONNECT: return CCURL_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT: return CCURL_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_USE_SSL_FAILED: return CCURL_TLS;
    case CURLE_LOGIN_DENIED: return CCURL_LOGIN;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return CCURL_STOPPED;
    case CURLE_OUT_OF_MEMORY: return CCURL_NO_MEMORY;
    default: return CCURL_BROKEN;
  }
}

int32_t ccurl_perform(ccurl_transfer *t, ccurl_bytes_function on_header,
                      ccurl_bytes_function on_body, ccurl_stop_function on_tick, void *context) {
  t->on_header = on_header;
  t->on_body = on_body;
  t->on_tick = on_tick;
  t->context = context;
  CURL *e = t->easy;
  CURLcode r = CURLE_OK;
  r |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
  r |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, header_arrived);
  r |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  r |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_arrived);
  r |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  r |= curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
  r |= curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, ticked);
  r |= curl_easy_setopt(e, CURLOPT_XFERINFODATA, t);
  t->result = r == CURLE_OK ? curl_easy_perform(e) : CURLE_BAD_FUNCTION_ARGUMENT;
  return ccurl_outcome_of(t->result);
}

int32_t ccurl_status(ccurl_transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  return (int32_t)status;
}

const char *ccurl_error_text(ccurl_transfer *t) {
  return t->error[0] != 0 ? t->error : curl_easy_strerror(t->result);
}
