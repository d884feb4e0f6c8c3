/*
 * Token, certificate and key, read as the start of the program reads them.
 */
#include "check.h"

struct access_check {
	struct findings *findings;
	bool wrong[ACCESS_FILES];
};

static const char *const options[ACCESS_FILES] = {"token-file", "tls-cert", "tls-key"};

static void take(void *context, const struct access_fault *fault)
{
	struct access_check *check = context;

	findings_add(check->findings, fault->is_fatal ? FINDING_PROBLEM : FINDING_WARNING,
	             options[fault->file], fault->fix, "%s", fault->sentence);
	check->wrong[fault->file] = true;
	if (fault->file == ACCESS_CERT && fault->is_fatal)
		check->wrong[ACCESS_KEY] = true; /* the sentence is about both */
}

void check_access(struct findings *findings, const struct access_files *files)
{
	const char *const paths[ACCESS_FILES] = {files->token, files->tls_cert, files->tls_key};
	struct access_check check = {.findings = findings};
	struct access access = {0};

	access_files_load(&access, files, take, &check);
	access_files_free(&access);
	for (int i = 0; i < ACCESS_FILES; i++)
		if (paths[i] && !check.wrong[i])
			findings_add(findings, FINDING_OK, options[i], NULL, "%s can be used",
			             paths[i]);
}
