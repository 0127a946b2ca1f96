/* An HTTP transfer over libcurl. The curl headers stay in the .c file: curl_easy_setopt is variadic
   and its constants are macros, neither of which Swift can see. */
#ifndef CCURL_SHIMS_H
#define CCURL_SHIMS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ccurl_transfer ccurl_transfer;

/* What came of a transfer, in the classes that callers tell apart. */
enum ccurl_outcome {
  CCURL_OK = 0,
  CCURL_BAD_REQUEST = 1,   /* malformed URL, unsupported scheme, bad option */
  CCURL_NAME = 2,          /* the host's name cannot be resolved */
  CCURL_UNREACHABLE = 3,   /* no connection, refused, no socket */
  CCURL_TIMEOUT = 4,       /* connect, total or stall limit reached */
  CCURL_TLS = 5,           /* handshake or certificate */
  CCURL_STOPPED = 6,       /* a callback said stop */
  CCURL_BROKEN = 7,        /* the connection ended or spoke nonsense in the middle */
  CCURL_NO_MEMORY = 8,
  CCURL_LOGIN = 9          /* the server does not know the user or the password */
};

/* Gets a run of bytes; non-zero goes on, zero stops the transfer. */
typedef int32_t (*ccurl_bytes_function)(const uint8_t *_Nonnull bytes, size_t count,
                                        void *_Nonnull context);
/* Asked about once a second and on progress; non-zero stops the transfer. */
typedef int32_t (*ccurl_stop_function)(void *_Nonnull context);

/* Once per process, before any transfer; safe to call again. Returns 0 on success. */
int32_t ccurl_global_start(void);

/* One handle per transfer, used by one thread. NULL when memory is short. */
ccurl_transfer *_Nullable ccurl_transfer_create(void);
void ccurl_transfer_free(ccurl_transfer *_Nullable transfer);

/* Every setter copies its text and returns 0 on success. */
int32_t ccurl_set_url(ccurl_transfer *_Nonnull transfer, const char *_Nonnull url);
int32_t ccurl_set_method(ccurl_transfer *_Nonnull transfer, const char *_Nonnull method,
                         int32_t without_body);
int32_t ccurl_add_header(ccurl_transfer *_Nonnull transfer, const char *_Nonnull line);
int32_t ccurl_set_body(ccurl_transfer *_Nonnull transfer, const uint8_t *_Nullable bytes,
                       size_t count);
int32_t ccurl_set_unix_socket(ccurl_transfer *_Nonnull transfer, const char *_Nonnull path);
int32_t ccurl_set_ca_file(ccurl_transfer *_Nonnull transfer, const char *_Nonnull path);
/* Ignores http_proxy and friends of the environment. */
int32_t ccurl_set_no_proxy(ccurl_transfer *_Nonnull transfer);
/* Milliseconds; 0 for `total` is no limit. `stall_seconds` of silence end the transfer, 0 never. */
int32_t ccurl_set_timeouts(ccurl_transfer *_Nonnull transfer, int64_t connect, int64_t total,
                           int64_t stall_seconds);

/* ---- Mail: instead of a request, a message is handed to the server of the URL. ---- */

/* Begins mail over smtp:// or smtps://; `require_tls` refuses a server that does not offer STARTTLS
   after smtp://. The bytes are the message with its headers, not copied: they outlive the
   transfer's run. */
int32_t ccurl_set_mail(ccurl_transfer *_Nonnull transfer, const char *_Nonnull from,
                       int32_t require_tls, const uint8_t *_Nonnull bytes, size_t count);
int32_t ccurl_add_recipient(ccurl_transfer *_Nonnull transfer, const char *_Nonnull to);
int32_t ccurl_set_login(ccurl_transfer *_Nonnull transfer, const char *_Nonnull user,
                        const char *_Nonnull password);

/* ---- A stream of bytes: http:// is TCP, https:// TLS over TCP. ---- */

/* Only connects, in ccurl_perform. */
int32_t ccurl_set_connect_only(ccurl_transfer *_Nonnull transfer);
/* Sends all bytes and waits until the other side's TCP has acknowledged them; at most
   `milliseconds`. Returns a ccurl_outcome; CCURL_BROKEN where the other side has hung up. */
int32_t ccurl_send_all(ccurl_transfer *_Nonnull transfer, const uint8_t *_Nonnull bytes,
                       size_t count, int64_t milliseconds);

/* Runs the transfer to its end on this thread and returns a ccurl_outcome. Header lines arrive one
   by one with their line ends. The corresponding C function is curl_easy_perform. */
int32_t ccurl_perform(ccurl_transfer *_Nonnull transfer, ccurl_bytes_function _Nonnull on_header,
                      ccurl_bytes_function _Nonnull on_body, ccurl_stop_function _Nonnull on_tick,
                      void *_Nonnull context);

/* The HTTP status or SMTP code of the last answer, 0 where there was none. */
int32_t ccurl_status(ccurl_transfer *_Nonnull transfer);
/* libcurl's own words on the last failure; lives as long as the transfer. */
const char *_Nonnull ccurl_error_text(ccurl_transfer *_Nonnull transfer);

#ifdef __cplusplus
}
#endif
#endif
