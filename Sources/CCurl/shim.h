// libcurl's setters and getters are variadic, which Swift cannot call: one function for each type of argument.
#pragma once
#include <curl/curl.h>

typedef size_t (*waybill_curl_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode waybill_curl_set_long(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode waybill_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode waybill_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode waybill_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode waybill_curl_set_callback(CURL *handle, CURLoption option, waybill_curl_callback value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode waybill_curl_get_long(CURL *handle, CURLINFO info, long *value) { return curl_easy_getinfo(handle, info, value); }
