/* Prints what upstream's parser makes of the policy on stdin. */

#include "print-policy.h"
#include <unistd.h>

int main(void)
{
	struct lws_context_creation_info info;
	struct lws_context *context;
	uint8_t buf[4096];
	ssize_t n;
	int m = 0;

	memset(&info, 0, sizeof(info));
	lws_set_log_level(LLL_ERR, NULL);
	info.fd_limit_per_thread = 8;
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	context = lws_create_context(&info);
	if (!context || lws_ss_policy_parse_begin(context, 0))
		return 1;
	while ((n = read(0, buf, sizeof(buf))) > 0) {
		m = lws_ss_policy_parse(context, buf, (size_t)n);
		if (m < 0 && m != LEJP_CONTINUE)
			return 1;
	}
	if (m < 0 && m != LEJP_CONTINUE)
		return 1;
	print_policy(lws_ss_policy_get(context));
	lws_ss_policy_parse_abandon(context);
	lws_context_destroy(context);
	return 0;
}
