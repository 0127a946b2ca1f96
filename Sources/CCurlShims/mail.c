#include "ccurl_transfer.h"

#include <string.h>

static CURLcode allow(CURL *e, const char *names, long bits) {
#if LIBCURL_VERSION_NUM >= 0x075500
  (void)bits;
  return curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, names);
#else
  (void)names;
  return curl_easy_setopt(e, CURLOPT_PROTOCOLS, bits);
#endif
}

static size_t read_upload(char *out, size_t size, size_t count, void *user) {
  ccurl_transfer *t = user;
  size_t room = size * count;
  size_t rest = t->upload_count - t->upload_sent;
  size_t take = rest < room ? rest : room;
  memcpy(out, t->upload + t->upload_sent, take);
  t->upload_sent += take;
  return take;
}

int32_t ccurl_set_mail(ccurl_transfer *t, const char *from, int32_t require_tls,
                       const uint8_t *bytes, size_t count) {
  CURL *e = t->easy;
  t->upload = bytes;
  t->upload_count = count;
  t->upload_sent = 0;
  CURLcode r = allow(e, "smtp,smtps", (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
  if (r == CURLE_OK) r = curl_easy_setopt(e, CURLOPT_MAIL_FROM, from);
  if (r == CURLE_OK)
    r = curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(require_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (r == CURLE_OK) r = curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
  if (r == CURLE_OK) r = curl_easy_setopt(e, CURLOPT_READFUNCTION, read_upload);
  if (r == CURLE_OK) r = curl_easy_setopt(e, CURLOPT_READDATA, t);
  if (r == CURLE_OK) r = curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)count);
  return r;
}

int32_t ccurl_add_recipient(ccurl_transfer *t, const char *to) {
  struct curl_slist *grown = curl_slist_append(t->recipients, to);
  if (grown == NULL) return CURLE_OUT_OF_MEMORY;
  t->recipients = grown;
  return curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, grown);
}

int32_t ccurl_set_login(ccurl_transfer *t, const char *user, const char *password) {
  CURLcode r = curl_easy_setopt(t->easy, CURLOPT_USERNAME, user);
  return r == CURLE_OK ? curl_easy_setopt(t->easy, CURLOPT_PASSWORD, password) : r;
}
