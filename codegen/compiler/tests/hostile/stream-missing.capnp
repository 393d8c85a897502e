@0xd1a3b5a1a1c00016;
interface I { m @0 stream -> stream; n @1 () -> stream; stream @2 stream; }
