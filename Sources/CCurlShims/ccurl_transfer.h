/* A transfer from the inside: shared by the files of this target. */
#ifndef CCURL_TRANSFER_H
#define CCURL_TRANSFER_H

#include "ccurl_shims.h"

#include <curl/curl.h>

struct ccurl_transfer {
  CURL *easy;
  struct curl_slist *headers;
  struct curl_slist *recipients;
  const uint8_t *upload;
  size_t upload_count;
  size_t upload_sent;
  ccurl_bytes_function on_header;
  ccurl_bytes_function on_body;
  ccurl_stop_function on_tick;
  void *context;
  CURLcode result;
  char error[CURL_ERROR_SIZE];
};

/* The class of libcurl's own code. */
int32_t ccurl_outcome_of(CURLcode code);

#endif
