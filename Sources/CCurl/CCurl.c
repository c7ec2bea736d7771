// Not seen by libraries, of which libcurl is one: it is to find its own functions under these names.
#pragma GCC visibility push(hidden)
#include "CCurl.h"
#pragma GCC visibility pop

#include "CLibrary.h"

// What is used of libcurl: result, name, parameters, arguments.
#define FUNCTIONS(F) \
    F(CURL *, curl_easy_init, (void), ()) \
    F(void, curl_easy_cleanup, (CURL *handle), (handle)) \
    F(CURLcode, curl_easy_perform, (CURL *handle), (handle)) \
    F(const char *, curl_easy_strerror, (CURLcode code), (code)) \
    F(void, curl_free, (void *memory), (memory)) \
    F(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text)) \
    F(void, curl_slist_free_all, (struct curl_slist *list), (list)) \
    F(CURLU *, curl_url, (void), ()) \
    F(void, curl_url_cleanup, (CURLU *url), (url)) \
    F(CURLUcode, curl_url_set, (CURLU *url, CURLUPart what, const char *part, unsigned int flags), (url, what, part, flags)) \
    F(curl_mime *, curl_mime_init, (CURL *handle), (handle)) \
    F(void, curl_mime_free, (curl_mime *mime), (mime)) \
    F(curl_mimepart *, curl_mime_addpart, (curl_mime *mime), (mime)) \
    F(CURLcode, curl_mime_data, (curl_mimepart *part, const char *data, size_t size), (part, data, size)) \
    F(CURLcode, curl_mime_type, (curl_mimepart *part, const char *type), (part, type)) \
    F(CURLcode, curl_mime_encoder, (curl_mimepart *part, const char *encoding), (part, encoding)) \
    F(CURLcode, curl_mime_headers, (curl_mimepart *part, struct curl_slist *headers, int takes), (part, headers, takes)) \
    F(CURLcode, curl_mime_subparts, (curl_mimepart *part, curl_mime *subparts), (part, subparts))

#define PLACE(result, name, parameters, arguments) at_##name,
#define NAME(result, name, parameters, arguments) #name,
#define CALL(result, name, parameters, arguments) \
    result name parameters { return ((__typeof__(&name))functions[at_##name]) arguments; }

enum { at_curl_easy_setopt, at_curl_easy_getinfo, at_curl_url_get, FUNCTIONS(PLACE) count };
static const char *const names[] = {"curl_easy_setopt", "curl_easy_getinfo", "curl_url_get", FUNCTIONS(NAME)};
static void *functions[count];

FUNCTIONS(CALL)

// Both have a variable number of arguments, which cannot be handed on: the library's own are called.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#define curl_easy_setopt ((CURLcode(*)(CURL *, CURLoption, ...))functions[at_curl_easy_setopt])
#define curl_easy_getinfo ((CURLcode(*)(CURL *, CURLINFO, ...))functions[at_curl_easy_getinfo])

const char *tenon_curl_load(void) {
    return tenon_library_load((struct tenon_library){"libcurl.so.4", names, functions, count});
}

CURLcode tenon_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
CURLcode tenon_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
CURLcode tenon_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
CURLcode tenon_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
CURLcode tenon_curl_set_write(CURL *handle, CURLoption option,
                              size_t (*callback)(char *, size_t, size_t, void *)) {
    return curl_easy_setopt(handle, option, callback);
}
CURLcode tenon_curl_set_bytes(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}
CURLcode tenon_curl_set_size(CURL *handle, CURLoption option, int64_t value) {
    return curl_easy_setopt(handle, option, (curl_off_t)value);
}
CURLcode tenon_curl_get_status(CURL *handle, long *status) {
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
}
CURLcode tenon_curl_set_opensocket(CURL *handle, curl_opensocket_callback callback, void *user) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, user);
}
const char *tenon_curl_get_redirect(CURL *handle) {
    char *url = NULL;
    return curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &url) == CURLE_OK ? url : NULL;
}
CURLUcode tenon_curl_url_get(CURLU *url, CURLUPart what, char **part, unsigned int flags) {
    // Newer versions say const of the first one.
    return ((CURLUcode(*)(const CURLU *, CURLUPart, char **, unsigned int))functions[at_curl_url_get])(url, what, part, flags);
}
