/*
 * Authorities. The system has some 150: 4 MB and 30 ms of work. They are loaded when a handshake needs them, shared by
 * all that run meanwhile, and freed after the last, so that outputs that stand cost nothing, many that connect at once
 * cost it once, and an authority that was added counts from the next connection on.
 */
#include "tls_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (4 << 20)

static struct {
	pthread_mutex_t
		lock; /* guards the rest; held while loading, which others would only do as well */
	gnutls_certificate_credentials_t credentials;
	unsigned int users;
} of_system = {.lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * Whatever the name stands for: a pipe does not hold the thread up, and nothing without end is read. Owns: *out is the
 * caller's, by free().
 */
static int read_file(gnutls_datum_t *out, const char *name)
{
	const int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat state;
	ssize_t count = -1;

	if (fd < 0)
		return GNUTLS_E_FILE_ERROR;
	out->data = NULL;
	if (!fstat(fd, &state) && S_ISREG(state.st_mode) && state.st_size > 0 &&
	    state.st_size <= MAX_FILE_BYTES)
		out->data = malloc((size_t)state.st_size);
	if (out->data)
		count = read(fd, out->data, (size_t)state.st_size);
	close(fd);
	if (count < 0) {
		free(out->data);
		return GNUTLS_E_FILE_ERROR;
	}
	out->size = (unsigned int)count;
	return 0;
}

static int load_file(gnutls_certificate_credentials_t credentials, const char *name)
{
	gnutls_datum_t text;
	int count = read_file(&text, name);

	if (count)
		return count;
	count = gnutls_certificate_set_x509_trust_mem(credentials, &text, GNUTLS_X509_FMT_PEM);
	free(text.data);
	return count;
}

static int load(gnutls_certificate_credentials_t *out, const char *file)
{
	gnutls_certificate_credentials_t credentials;
	int count = gnutls_certificate_allocate_credentials(&credentials);

	if (count)
		return count;
	count = file ? load_file(credentials, file)
	             : gnutls_certificate_set_x509_system_trust(credentials);
	if (count > 0) {
		*out = credentials;
		return 0;
	}
	gnutls_certificate_free_credentials(credentials);
	return count ? count : GNUTLS_E_NO_CERTIFICATE_FOUND;
}

static int open_system(gnutls_certificate_credentials_t *out)
{
	int error = 0;

	pthread_mutex_lock(&of_system.lock);
	if (!of_system.users)
		error = load(&of_system.credentials, NULL);
	if (!error) {
		of_system.users++;
		*out = of_system.credentials;
	}
	pthread_mutex_unlock(&of_system.lock);
	return error;
}

int tls_trust_open(gnutls_certificate_credentials_t *out, const struct tls_config *config,
                   char *why, size_t size)
{
	const bool own = config->ca_file && config->ca_file[0];
	int error;

	if (!config->verify)
		error = gnutls_certificate_allocate_credentials(out);
	else
		error = own ? load(out, config->ca_file) : open_system(out);
	if (error == GNUTLS_E_MEMORY_ERROR)
		snprintf(why, size, "out of memory");
	else if (error && !own)
		snprintf(why, size, "the system has no certificates of authorities to verify with");
	else if (error == GNUTLS_E_FILE_ERROR)
		snprintf(why, size, "cannot read the authorities' file %s", config->ca_file);
	else if (error)
		snprintf(why, size, "there is no certificate in the authorities' file %s",
		         config->ca_file);
	if (error)
		return error == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EIO;
	return 0;
}

void tls_trust_close(gnutls_certificate_credentials_t credentials)
{
	bool free_it = credentials;

	pthread_mutex_lock(&of_system.lock);
	if (credentials && credentials == of_system.credentials) {
		free_it = !--of_system.users;
		if (free_it)
			of_system.credentials = NULL;
	}
	pthread_mutex_unlock(&of_system.lock);
	if (free_it)
		gnutls_certificate_free_credentials(credentials);
}
