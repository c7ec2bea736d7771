#ifndef TENON_CCURL_H
#define TENON_CCURL_H

#include <curl/curl.h>
#include <stdint.h>

// Loads libcurl, which comes before everything else in it. NULL when it is there, else what is wrong.
const char *tenon_curl_load(void);

// curl_easy_setopt is variadic, which Swift cannot call: one function per type of value.
CURLcode tenon_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode tenon_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode tenon_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode tenon_curl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode tenon_curl_set_write(CURL *handle, CURLoption option,
                              size_t (*callback)(char *, size_t, size_t, void *));
CURLcode tenon_curl_set_bytes(CURL *handle, CURLoption option, const void *value);
CURLcode tenon_curl_set_size(CURL *handle, CURLoption option, int64_t value);
CURLcode tenon_curl_get_status(CURL *handle, long *status);
// Asked for a socket before each connection, with the address that is to be connected to.
CURLcode tenon_curl_set_opensocket(CURL *handle, curl_opensocket_callback callback, void *user);
// Where an answer sends the client on to, as a whole address; NULL when it does not. Lives as long as the handle.
const char *tenon_curl_get_redirect(CURL *handle);
CURLUcode tenon_curl_url_get(CURLU *url, CURLUPart what, char **part, unsigned int flags);

#endif
