/* Prints every field of a list of streamtypes, one a line, each with its streamtype's name. */

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

static void print_text(const char *streamtype, const char *field, const char *text)
{
	if (!text)
		return;
	printf("%s %s \"", streamtype, field);
	for (; *text; text++)
		if (*text == '\n')
			printf("\\n");
		else
			putchar(*text);
	printf("\"\n");
}

static void print_number(const char *streamtype, const char *field, unsigned long number)
{
	printf("%s %s %lu\n", streamtype, field, number);
}

static void print_x509(const char *streamtype, const char *field, const lws_ss_x509_t *x)
{
	size_t n;

	if (!x)
		return;
	printf("%s %s %s keep %u der %zu ", streamtype, field, x->vhost_name, x->keep,
	       x->ca_der_len);
	for (n = 0; n < x->ca_der_len; n++)
		printf("%02x", x->ca_der[n]);
	printf("\n");
}

static void print_metadata(const char *streamtype, const lws_ss_metadata_t *md)
{
	for (; md; md = md->next) {
		printf("%s order %zu metadata %s\n", streamtype, md->length, md->name);
		printf("%s metadata %s token %u length %u value \"%.*s\"\n", streamtype, md->name,
		       md->value_is_http_token, md->value_length, md->value_length,
		       (const char *)md->value__may_own_heap);
	}
}

static void print_http(const lws_ss_policy_t *p)
{
	const char *s = p->streamtype;
	char field[32];
	int n;

	print_text(s, "method", p->u.http.method);
	print_text(s, "url", p->u.http.url);
	print_text(s, "multipart_name", p->u.http.multipart_name);
	print_text(s, "multipart_filename", p->u.http.multipart_filename);
	print_text(s, "multipart_content_type", p->u.http.multipart_content_type);
	for (n = 0; n < _LWSSS_HBI_COUNT; n++) {
		snprintf(field, sizeof(field), "blob_header[%d]", n);
		print_text(s, field, p->u.http.blob_header[n]);
	}
	print_text(s, "auth_preamble", p->u.http.auth_preamble);
	for (n = 0; n < p->u.http.count_respmap; n++)
		printf("%s respmap %u %u\n", s, p->u.http.respmap[n].resp,
		       p->u.http.respmap[n].state);
	print_text(s, "ws.subprotocol", p->u.http.u.ws.subprotocol);
	print_number(s, "ws.binary", p->u.http.u.ws.binary);
	print_number(s, "resp_expect", p->u.http.resp_expect);
	print_number(s, "fail_redirect", p->u.http.fail_redirect);
}

static void print_mqtt(const lws_ss_policy_t *p)
{
	const char *s = p->streamtype;

	print_text(s, "topic", p->u.mqtt.topic);
	print_text(s, "subscribe", p->u.mqtt.subscribe);
	print_text(s, "will_topic", p->u.mqtt.will_topic);
	print_text(s, "will_message", p->u.mqtt.will_message);
	print_text(s, "birth_topic", p->u.mqtt.birth_topic);
	print_text(s, "birth_message", p->u.mqtt.birth_message);
	print_number(s, "keep_alive", p->u.mqtt.keep_alive);
	print_number(s, "qos", p->u.mqtt.qos);
	print_number(s, "clean_start", p->u.mqtt.clean_start);
	print_number(s, "will_qos", p->u.mqtt.will_qos);
	print_number(s, "will_retain", p->u.mqtt.will_retain);
	print_number(s, "birth_qos", p->u.mqtt.birth_qos);
	print_number(s, "birth_retain", p->u.mqtt.birth_retain);
	print_number(s, "aws_iot", p->u.mqtt.aws_iot);
	print_number(s, "retain", p->u.mqtt.retain);
}

static void print_retry(const char *s, const lws_retry_bo_t *r)
{
	unsigned int n;

	if (!r)
		return;
	for (n = 0; n < r->retry_ms_table_count; n++)
		printf("%s retry.ms %u %u\n", s, n, r->retry_ms_table[n]);
	print_number(s, "retry.conceal", r->conceal_count);
	print_number(s, "retry.ping", r->secs_since_valid_ping);
	print_number(s, "retry.hangup", r->secs_since_valid_hangup);
	print_number(s, "retry.jitter", r->jitter_percent);
}

static void print_trust(const lws_ss_policy_t *p)
{
	int n;

	if (p->flags & LWSSSPOLF_SERVER) {
		print_x509(p->streamtype, "server.cert", p->trust.server.cert);
		print_x509(p->streamtype, "server.key", p->trust.server.key);
	} else if (p->trust.store) {
		print_text(p->streamtype, "trust", p->trust.store->name);
		print_number(p->streamtype, "trust.count", (unsigned long)p->trust.store->count);
		for (n = 0; n < p->trust.store->count; n++) {
			print_x509(p->streamtype, "trust.cert", p->trust.store->ssx509[n]);
			printf("%s order %d trust.cert %s\n", p->streamtype, n,
			       p->trust.store->ssx509[n]->vhost_name);
		}
	}
}

static void print_auth(const char *s, const lws_ss_auth_t *auth)
{
	if (!auth)
		return;
	print_text(s, "auth", auth->name);
	print_text(s, "auth.type", auth->type);
	print_text(s, "auth.streamtype", auth->streamtype);
	print_number(s, "auth.blob", auth->blob_index);
}

static void print_policy(const lws_ss_policy_t *p)
{
	for (; p; p = p->next) {
		const char *s = p->streamtype;

		print_number(s, "protocol", p->protocol);
		print_text(s, "endpoint", p->endpoint);
		print_number(s, "port", p->port);
		print_text(s, "rideshare", p->rideshare_streamtype);
		print_text(s, "payload_fmt", p->payload_fmt);
		print_text(s, "socks5_proxy", p->socks5_proxy);
		print_metadata(s, p->metadata);
		print_number(s, "metadata_count", p->metadata_count);
		print_auth(s, p->auth);
		if (p->protocol == LWSSSP_MQTT)
			print_mqtt(p);
		else if (p->protocol != LWSSSP_RAW)
			print_http(p);
		print_text(s, "aws_region", p->aws_region);
		print_text(s, "aws_service", p->aws_service);
		print_trust(p);
		print_retry(s, p->retry_bo);
		print_number(s, "proxy_buflen", p->proxy_buflen);
		print_number(s, "proxy_buflen_on", p->proxy_buflen_rxflow_on_above);
		print_number(s, "proxy_buflen_off", p->proxy_buflen_rxflow_off_below);
		print_number(s, "client_buflen", p->client_buflen);
		print_number(s, "client_buflen_on", p->client_buflen_rxflow_on_above);
		print_number(s, "client_buflen_off", p->client_buflen_rxflow_off_below);
		print_number(s, "timeout_ms", p->timeout_ms);
		print_number(s, "flags", p->flags);
		print_number(s, "client_cert", p->client_cert);
		print_number(s, "priority", p->priority);
	}
}
