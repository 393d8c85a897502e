@0xb6a3b5a1a1c0f01e; struct Nobody { a @0 :import "sibling.capnp".Thing; }
