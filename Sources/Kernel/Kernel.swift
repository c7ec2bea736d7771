import CCurl
import CSodium
public func boot() { print(sodium_init()) }
