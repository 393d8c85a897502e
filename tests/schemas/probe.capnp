@0xd2c1f0a4b7e39518;

using Bus = import "/dsoftbus/bus.capnp";

interface Probe $Bus.channel(0x0300) {
  # A service that does what a test asks it to.

  echo @0 (text :Text) -> (text :Text);               # Answers at once.
  blob @1 (data :Data) -> (data :Data);               # Answers at once, with as much as was sent.
  make @2 (size :UInt32) -> (data :Data);             # Answers with `size` bytes.
  wait @3 (millis :UInt32) -> ();                     # Answers after `millis` milliseconds.
  hang @4 () -> ();                                   # Never answers.
  fail @5 (code :UInt16, message :Text) -> ();        # Fails with the code of this number.
  refuse @6 (which :UInt16) -> ();                    # Fails with one of the errors below.
  panic @7 () -> ();                                  # Panics, after one await.
  panicAtOnce @8 () -> ();                            # Panics before any await.
  caller @9 () -> (device :Text);                     # Says who calls.
  take @10 (handle :UInt64) -> (digest :Data, length :UInt64);   # Takes a payload that was pushed.
  offer @11 (size :UInt32) -> (handle :UInt64);       # Offers a payload of `size` bytes.
  offerWrong @12 (size :UInt32) -> (handle :UInt64);  # Offers a payload that is not what its digest says.
  makeAfter @13 (size :UInt32, millis :UInt32) -> (data :Data);  # Answers with `size` bytes after `millis` milliseconds.

  enum Error $Bus.errors {
    # Why `refuse` refuses.
    noSuchThing @0 $Bus.code(notFound);               # It is not there.
    tooLate @1 $Bus.code(failedPrecondition);         # It was there.
    mystery @2;                                       # Nobody knows.
  }
}
