/* Prints the static policy in the C file that POLICY names. */

#include "print-policy.h"
#include POLICY

int main(void)
{
	print_policy(&_ss_static_policy_entry);
	return 0;
}
