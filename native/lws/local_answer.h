/* The functions of a local link that are about HTTP requests and responses; ss_link_ops in link.h
 * says what they do. */
#ifndef LWS_SS_NATIVE_LWS_LOCAL_ANSWER_H_
#define LWS_SS_NATIVE_LWS_LOCAL_ANSWER_H_

#include "lws/link.h"

struct ss_link_answer local_answer(const struct ss_link* link);
size_t local_answer_url(const struct ss_link* link, char* url, size_t size);
void local_want_refusal(struct ss_link* link);
void local_each_answered(const struct ss_link* link, ss_link_name_cb name, void* opaque);
void local_each_field(const struct ss_link* link, ss_link_field_cb field, void* opaque);
int local_has_trailers(const struct ss_link* link);
struct ss_link_request local_request_head(const struct ss_link* link);
enum ss_link_responded local_respond(struct ss_link* link, unsigned int status, const char* fields,
                                     size_t length, uint64_t body);
int local_has_body_pending(const struct ss_link* link);
void local_set_body_once(struct ss_link* link, int is_gone);

#endif
