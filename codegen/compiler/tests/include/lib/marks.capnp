@0xb6a3b5a1a1c0f016;

annotation mark(*) :Void;
annotation unused(*) :Void;
