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

typedef int (*waybill_curl_progress)(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up);

static inline CURLcode waybill_curl_set_progress(CURL *handle, waybill_curl_progress value) {
  return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}
static inline CURLcode waybill_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}
/// libcurl keeps a copy.
static inline CURLcode waybill_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(handle, option, &blob);
}
static inline CURLcode waybill_curl_get_text(CURL *handle, CURLINFO info, char **value) { return curl_easy_getinfo(handle, info, value); }
static inline CURLcode waybill_curl_get_socket(CURL *handle, curl_socket_t *value) {
  return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}
static inline CURLcode waybill_curl_init_all(void) { return curl_global_init(CURL_GLOBAL_ALL); }
