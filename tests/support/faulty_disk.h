/*
 * faulty_disk: a disk under SQLite that refuses writes or syncs when a test
 * says so. It must be installed before the first database is opened.
 */
#ifndef TESTS_SUPPORT_FAULTY_DISK_H
#define TESTS_SUPPORT_FAULTY_DISK_H

#include <stdint.h>

enum faulty_disk {
	FAULTY_DISK_NOT,
	FAULTY_DISK_FULL,     /* every write: SQLITE_FULL */
	FAULTY_DISK_IO_ERROR, /* every write: SQLITE_IOERR */
	FAULTY_DISK_NO_SYNC   /* writes go, every sync fails */
};

void faulty_disk_install(void);
void faulty_disk_set(enum faulty_disk fault);
/* Writes that may still go before the fault begins; 0 at first. */
void faulty_disk_after(unsigned writes);
/* A full disk has the room that this file, now of so many bytes, gives back;
 * what is written meanwhile fills it. Until the next faulty_disk_set(). */
void faulty_disk_room_of(const char *path, int64_t bytes);

#endif
