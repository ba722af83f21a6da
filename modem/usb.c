/*
 * usb: sysfs, read. A tty is a child of its interface: ttyUSB0 itself, or
 * tty/ttyACM0. It must never take a device that went for one without ports.
 */
#include "modem/usb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char devices[] = "bus/usb/devices";

struct usb_roots
usb_roots(void)
{
	const char *sysfs = getenv("TOPUPD_SYSFS");
	const char *dev = getenv("TOPUPD_DEV");

	return (struct usb_roots){
		.sysfs = sysfs ? sysfs : "/sys", .dev = dev ? dev : "/dev"};
}

/* -1, as open(2). */
static int
open_devices(const struct usb_roots *roots)
{
	int root = open(roots->sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root < 0)
		return -1;
	fd = openat(root, devices, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)close(root); /* it was only read */
	return fd;
}

bool
usb_is_there(const struct usb_roots *roots, const char *device)
{
	char path[512];
	int n = snprintf(
		path, sizeof path, "%s/%s/%s", roots->sysfs, devices, device);

	return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

/* A number in hex, as sysfs prints them; 0 where there is none. */
static unsigned
read_hex(int folder, const char *name)
{
	char text[16];
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd); /* it was only read */
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (unsigned)strtoul(text, NULL, 16);
}

/* NULL when it is not there. Closed by closedir(). */
static DIR *
open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir == NULL && fd >= 0)
		(void)close(fd);
	return dir;
}

/* The first name in a folder that begins with tty and has a digit. */
static bool
find_tty(DIR *dir, char *out, size_t cap)
{
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strncmp(e->d_name, "tty", 3) == 0 &&
			strpbrk(e->d_name, "0123456789") != NULL &&
			span_copy(out, cap, span_str(e->d_name)) == 0)
			return true;
	return false;
}

/* The tty of an interface, if it has one. */
static bool
tty_of(int devices_fd, const char *place, struct usb_tty *tty)
{
	DIR *dir = open_folder(devices_fd, place);
	DIR *inner = NULL;
	struct stat st;
	bool found;

	if (dir == NULL)
		return false;
	found = find_tty(dir, tty->name, sizeof tty->name);
	if (!found)
		inner = open_folder(dirfd(dir), "tty");
	if (inner != NULL)
		found = find_tty(inner, tty->name, sizeof tty->name);
	/* sysfs gives each folder it makes a number of its own. */
	if (found && fstatat(dirfd(inner != NULL ? inner : dir), tty->name, &st,
			     0) == 0)
		tty->generation = (unsigned long)st.st_ino;
	if (found) {
		tty->number = read_hex(dirfd(dir), "bInterfaceNumber");
		tty->class = read_hex(dirfd(dir), "bInterfaceClass");
		tty->subclass = read_hex(dirfd(dir), "bInterfaceSubClass");
		tty->protocol = read_hex(dirfd(dir), "bInterfaceProtocol");
	}
	if (inner != NULL)
		(void)closedir(inner);
	(void)closedir(dir); /* both were only read */
	return found;
}

static void
read_device(int devices_fd, struct usb_tty *tty)
{
	int fd = openat(
		devices_fd, tty->device, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	tty->vendor = read_hex(fd, "idVendor");
	tty->product = read_hex(fd, "idProduct");
	(void)close(fd); /* it was only read */
}

/* Whether an entry is an interface of that device (NULL: any). */
static bool
is_interface(struct span name, const char *device)
{
	size_t colon = span_find(name, ':');
	struct span of = span_of(name.ptr, colon);

	return colon < name.len && name.len < USB_PLACE_MAX &&
	       usb_is_device(of) &&
	       (device == NULL || span_eq(of, span_str(device)));
}

static bool
take_interface(int devices_fd, struct span place, struct usb_tty *out)
{
	struct usb_tty tty = {.vendor = 0};

	(void)span_copy(tty.place, sizeof tty.place, place); /* they fit: */
	(void)span_copy(tty.device, sizeof tty.device,
		span_of(place.ptr, span_find(place, ':')));
	if (!tty_of(devices_fd, tty.place, &tty))
		return false;
	read_device(devices_fd, &tty);
	*out = tty;
	return true;
}

int
usb_list(const struct usb_roots *roots, const char *device, struct usb_tty *out,
	size_t cap)
{
	int fd = open_devices(roots);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t count = 0;

	if (dir == NULL) {
		int error = errno;

		if (fd >= 0)
			(void)close(fd);
		return -error;
	}
	for (struct dirent *e; count < cap && (e = readdir(dir)) != NULL;) {
		struct span name = span_str(e->d_name);

		if (is_interface(name, device) &&
			take_interface(fd, name, &out[count]))
			count++;
	}
	(void)closedir(dir); /* it was only read */
	return (int)count;
}
