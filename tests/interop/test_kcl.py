"""Amazon's Kinesis Client Library and ours on one lease table: after each other, beside each other, killed."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from java_library import kcl  # noqa: E402
from lease_world import LONG, SHARDS, KinesisWorld, OurWorker  # noqa: E402
from servers import wait_until  # noqa: E402

OLD, NEW = kcl("2.7.2"), kcl("3.5.1")
REPEATED = SHARDS  # a checkpoint of the library's is resumed at its record


class AfterEachOther(KinesisWorld):
    def test_kcl_2(self):
        self.go_to_and_fro(OLD, REPEATED)

    def test_kcl_3(self):
        self.go_to_and_fro(NEW, REPEATED)


class BesideEachOther(KinesisWorld):
    def test_kcl_2_shares_with_ours_while_workers_of_both_die(self):
        theirs = [self.their_worker(OLD, "theirs-1")]
        self.wait_for_keys("the library has made its leases", self.put_new(40), *theirs, among=theirs[0])
        theirs.append(self.their_worker(OLD, "theirs-2"))
        ours = [OurWorker(self, "ours-1"), OurWorker(self, "ours-2")]
        all_four = theirs + ours
        wait_until("each has leases", lambda: self.owners() == {one.worker for one in all_four}, LONG)
        self.put_new(80)
        self.wait_for_keys("four read", self.written, *all_four)
        self.put_new(80)
        theirs[0].kill()
        ours[0].kill()
        killed = time.monotonic()
        self.wait_for_keys("two read what the dead had", self.written | self.put_new(80), *all_four)
        print(f"{self.table}: all was read {time.monotonic() - killed:.1f} s after two of four were killed", file=sys.stderr)
        self.reshard()
        self.wait_for_keys("two read what was split and merged", self.written | self.put_new(80), *all_four)
        wait_until("both have leases", lambda: self.owners() == {theirs[1].worker, ours[1].worker}, LONG)
        ours[1].leave()
        self.wait_for_keys("the library alone", self.put_new(40), theirs[1])

    def wait_for_owners(self, what, *workers):
        """Until each has leases and nobody else has. Their leader shares out by what shards carry: so they carry something."""
        def are_they():
            self.put_new(4)
            return self.owners() == {worker.worker for worker in workers}
        wait_until(what, are_they, LONG)

    def leader(self):
        found = self.tables("GetItem", TableName=self.table, Key={"leaseKey": {"S": "Leader"}}, ConsistentRead=True)
        return {name: value["S"] for name, value in found.get("Item", {}).items()}

    def test_ours_takes_part_in_a_fleet_of_kcl_3_while_workers_of_both_die(self):
        theirs = [self.their_worker(NEW, f"theirs-{number}") for number in (1, 2)]
        self.wait_for_owners("the library shares its leases", *theirs)
        self.wait_for_keys("they read", self.written, *theirs)
        ours = [OurWorker(self, "ours-1")]
        self.wait_for_owners("their leader gives some to ours", *theirs, *ours)
        self.took("their leader had given it leases", ours[0])
        self.wait_for_keys("three read", self.written | self.put_new(80), *theirs, *ours)
        self.put_new(40)
        ours[0].kill()
        killed = time.monotonic()
        self.wait_for_keys("theirs read what the dead had", self.written | self.put_new(40), *theirs, *ours)
        print(f"{self.table}: all was read {time.monotonic() - killed:.1f} s after ours was killed", file=sys.stderr)
        ours.append(OurWorker(self, "ours-2"))
        self.wait_for_owners("their leader gives some to the next", *theirs, ours[1])
        leader = self.leader()["ownerName"]
        dead, living = sorted(theirs, key=lambda worker: worker.worker != leader)
        self.put_new(40)
        dead.kill()
        killed = time.monotonic()
        self.wait_for_keys("the next leader shares out what the dead had", self.written | self.put_new(40), *theirs, *ours)
        print(f"{self.table}: all was read {time.monotonic() - killed:.1f} s after their leader was killed", file=sys.stderr)
        self.assertEqual(self.leader()["ownerName"], living.worker)
        self.reshard()
        self.wait_for_keys("both read what was split and merged", self.written | self.put_new(80), *theirs, *ours)
        self.wait_for_owners("both have leases", living, ours[1])
        ours[1].leave()
        self.wait_for_keys("the library alone", self.written | self.put_new(40), *theirs, *ours)
        # Their leader may have given a lease, of a shard without records, just before ours took its report back.
        self.wait_for_owners("all leases are the library's", living)

    def test_a_fleet_of_kcl_3_comes_to_ours_and_goes(self):
        ours = OurWorker(self, "ours-1")
        self.wait_for_keys("ours reads", self.put_new(40), ours, among=ours)
        theirs = self.their_worker(NEW, "theirs-1")
        self.wait_for_owners("their leader takes its share", ours, theirs)
        self.took("ours had given leases to it", theirs)
        self.wait_for_keys("both read", self.written | self.put_new(80), ours, theirs)
        theirs.leave()
        left = time.monotonic()
        self.wait_for_keys("ours goes on", self.written | self.put_new(40), ours, theirs)
        print(f"{self.table}: all was read {time.monotonic() - left:.1f} s after the library had left", file=sys.stderr)
        self.assertEqual(self.owners(), {ours.worker})


if __name__ == "__main__":
    unittest.main()
