import ArgumentParser
import CCurl
import CSodium
import GRDB
import Hummingbird
public func boot() { print(sodium_init()) }
