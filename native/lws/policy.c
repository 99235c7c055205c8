/* Policies inside lws, apart from the context. */
#include "lws/policy.h"

#include "private-lib-core.h"

void ssi_policy_take(struct lws_context* cx, struct ssi_policy* into) {
  into->memory = cx->ac_policy;
  into->streamtypes = cx->pss_policies;
  into->server_certs = cx->server_der_list;
  cx->ac_policy = NULL;
  cx->server_der_list = NULL;
}

int ssi_policy_replace(struct lws_context* cx, const char* json, size_t length,
                       struct ssi_policy* into) {
  const lws_ss_policy_t* before = cx->pss_policies;

  if (lws_ss_policy_parse_begin(cx, 0)) goto restore;
  if (lws_ss_policy_parse(cx, (const uint8_t*)json, length) < 0) goto restore;
  /* lws destroys all streams when it replaces its policy. Without one, it leaves them alone. */
  if (lws_ss_policy_set(cx, "replaced")) {
    ssi_policy_take(cx, into);
    ssi_policy_free(into);
    goto restore;
  }
  ssi_policy_take(cx, into);
  return 0;

restore:
  cx->pss_policies = before;
  return 1;
}

void ssi_policy_free(struct ssi_policy* policy) {
  for (lws_ss_x509_t* x = policy->server_certs; x; x = x->next) lws_free((void*)x->ca_der);
  lwsac_free(&policy->memory);
  memset(policy, 0, sizeof(*policy));
}

void ssi_policy_keep_retries(struct ssi_policy* policy, ssi_retry_keeper keep, void* opaque) {
  /* The memory is ours to change; it is const so that streams do not. */
  for (lws_ss_policy_t* p = (lws_ss_policy_t*)policy->streamtypes; p; p = p->next)
    if (p->retry_bo) p->retry_bo = keep(opaque, p->retry_bo);
}

void ssi_policy_share_ride(const lws_ss_policy_t* streamtype, const lws_ss_policy_t* rideshare) {
  ((lws_ss_policy_t*)streamtype)->rideshare = rideshare;
}

const char* ssi_policy_trust_store(const lws_ss_policy_t* streamtype) {
  if ((streamtype->flags & LWSSSPOLF_SERVER) || !streamtype->trust.store) return "";
  return streamtype->trust.store->name;
}

void ssi_trust_stores_sweep(struct lws_context* cx,
                            int (*is_wanted)(void* opaque, const char* trust_store), void* opaque) {
  struct lws_vhost* v = cx->vhost_list;

  while (v) {
    struct lws_vhost* next = v->vhost_next;

    if (v->from_ss_policy && !v->being_destroyed && !is_wanted(opaque, v->name))
      lws_vhost_destroy(v);
    v = next;
  }
}

void ssi_share_no_connections(struct lws_context* cx) {
  for (struct lws_vhost* v = cx->vhost_list; v; v = v->vhost_next) {
    lws_start_foreach_dll(struct lws_dll2*, d, v->dll_cli_active_conns_owner.head) {
      lws_container_of(d, struct lws, dll_cli_active_conns)->keepalive_rejected = 1;
    }
    lws_end_foreach_dll(d);
  }
}
