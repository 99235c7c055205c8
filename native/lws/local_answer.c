/* The functions of a local link that are about HTTP requests and responses. */
#include "lws/local_answer.h"

#include "private-lib-core.h"

static struct lws* wsi_of(const struct ss_link* link) {
  return ((const struct lws_ss_handle*)link->handle)->wsi;
}

struct ss_link_answer local_answer(const struct ss_link* link) {
  const struct lws_ss_handle* h = link->handle;
  struct ss_link_answer a = {0, h->u.http.good_respcode, 0, h->refusal};

  if (!h->wsi) return a;
  a.status = lws_http_client_http_response(h->wsi);
  a.is_redirected = h->wsi->redirects > 0;
  return a;
}

size_t local_answer_url(const struct ss_link* link, char* url, size_t size) {
  struct lws* wsi = wsi_of(link);
  const char *host, *path;
  char authority[300];

  if (!wsi) return 0;
  host = lws_wsi_client_stash_item(wsi, CIS_HOST, _WSI_TOKEN_CLIENT_HOST);
  path = lws_wsi_client_stash_item(wsi, CIS_PATH, _WSI_TOKEN_CLIENT_URI);
  lws_http_client_authority(wsi, host ? host : "", authority, sizeof(authority));
  return (size_t)lws_snprintf(url, size, "%s://%s%s",
                              (wsi->flags & LCCSCF_USE_SSL) ? "https" : "http", authority,
                              path ? path : "/");
}

void local_want_refusal(struct ss_link* link) {
  ((struct lws_ss_handle*)link->handle)->wants_refusal = 1;
}

/* NULL for a token that is no header. Others end in a colon. */
static const char* header_name(int token, size_t* length) {
  const char* name = (const char*)lws_token_to_string((enum lws_token_indexes)token);

  *length = name ? strlen(name) : 0;
  return *length > 1 && name[0] != ':' && name[*length - 1] == ':' ? name : NULL;
}

void local_each_answered(const struct ss_link* link, ss_link_name_cb name, void* opaque) {
  const struct lws_ss_handle* h = link->handle;
  size_t length;
  int n;

  for (n = 0; n < h->policy->metadata_count; n++)
    if (h->metadata[n].value_on_lws_heap)
      name(h->metadata[n].name, (int)strlen(h->metadata[n].name), opaque);
  /* Without direct_proto_str nobody may ask for headers. */
  if (!h->wsi || !(h->policy->flags & LWSSSPOLF_DIRECT_PROTO_STR)) return;
  for (n = 0; n < WSI_TOKEN_COUNT; n++) {
    const char* header = header_name(n, &length);

    if (header && lws_hdr_total_length(h->wsi, (enum lws_token_indexes)n))
      name(header, (int)length, opaque);
  }
  lws_hdr_custom_name_foreach(h->wsi, name, opaque);
}

void local_each_field(const struct ss_link* link, ss_link_field_cb field, void* opaque) {
  struct lws_custom_header custom = {NULL, NULL, 0, 0, 0};
  struct lws* wsi = wsi_of(link);
  struct allocated_headers* ah = wsi ? wsi->http.ah : NULL;
  size_t length;
  int n;

  if (!ah) return;
  for (n = 0; n < WSI_TOKEN_COUNT; n++) {
    int f = ah->frag_index[n];
    const char* header = f ? header_name(n, &length) : NULL;

    for (; header && f; f = ah->frags[f].nfrag)
      if (ah->frags[f].offset >= ah->trailers)
        field(header, length - 1, &ah->data[ah->frags[f].offset], ah->frags[f].len, opaque);
  }
  while (lws_custom_header_next(wsi, &custom))
    if (custom.at >= ah->trailers)
      field(custom.name, custom.nlen, custom.value, custom.vlen, opaque);
}

int local_has_trailers(const struct ss_link* link) {
  const struct lws* wsi = wsi_of(link);

  return wsi && wsi->http.ah && wsi->http.ah->trailers;
}

int local_has_body_pending(const struct ss_link* link) {
  const struct lws* wsi = wsi_of(link);

  return wsi && wsi->client_http_body_pending;
}

void local_set_body_once(struct ss_link* link, int is_gone) {
  ((struct lws_ss_handle*)link->handle)->body_once = !!is_gone;
}

struct ss_link_request local_request_head(const struct ss_link* link) {
  struct lws* wsi = wsi_of(link);
  struct ss_link_request request = {"", "", 0};

  if (!wsi || !wsi->http.ah) return request;
  request.method = lws_ss_http_method(wsi);
  request.target = lws_ss_http_target(wsi);
  request.has_body = lws_h1_has_body_left(wsi);
  return request;
}

enum ss_link_responded local_respond(struct ss_link* link, unsigned int status, const char* fields,
                                     size_t length, uint64_t body) {
  struct lws_ss_handle* h = link->handle;

  if (lws_ss_server_respond(h, status, fields, length, body)) return SS_LINK_NO_TRANSACTION;
  return h->txn_inhibit_body ? SS_LINK_NO_BODY : SS_LINK_BODY;
}
