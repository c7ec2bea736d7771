import Foundation
import Synchronization

/// A mail server on this machine that takes what it is told to take and keeps it. Its threads are its own.
final class MailSink: Sendable {
    struct Message: Sendable {
        var sender = ""
        var recipients: [String] = []
        /// As it came, the dots of the protocol taken away.
        var bytes: [UInt8] = []
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// How it behaves.
    struct Manner: Sendable {
        /// Answers to a recipient other than 250.
        var refusals: [String: String] = [:]
        /// The answer to a whole message.
        var verdict = "250 taken"
        /// Who may send, as user and password; everyone when nil.
        var login: (user: String, password: String)?
        /// Says nothing, not even who it is.
        var isSilent = false
    }

    private struct State: Sendable {
        var manner: Manner
        var messages: [Message] = []
        var logins = 0
    }

    private let listener: LocalSocket.Listener
    private let state: Mutex<State>

    init(_ manner: Manner = Manner()) throws {
        state = Mutex(State(manner: manner))
        let own = LocalSocket.Weak<MailSink>()
        listener = try LocalSocket.Listener { own.owner?.serve($0) }
        own.owner = self
    }

    var port: Int { listener.port }
    var url: String { "smtp://127.0.0.1:\(port)" }
    var messages: [Message] { state.withLock { $0.messages } }
    /// How many have logged in.
    var logins: Int { state.withLock { $0.logins } }

    /// The conversation of RFC 5321, as far as one that sends needs it.
    private func serve(_ client: Int32) {
        let manner: Manner = state.withLock { $0.manner }
        var lines = Lines(client: client)
        if manner.isSilent {
            while lines.next() != nil {}
            return
        }
        var message = Message()
        var isIn: Bool = manner.login == nil
        lines.say("220 sink.example ready")
        while let line = lines.next() {
            let verb: String = line.prefix { $0 != " " && $0 != ":" }.uppercased()
            switch verb {
            case "EHLO": lines.say(manner.login == nil ? "250-sink.example\r\n250 SIZE 40000000" : "250-sink.example\r\n250-AUTH PLAIN\r\n250 SIZE 40000000")
            case "AUTH":
                var given: String = line.split(separator: " ").dropFirst(2).first.map(String.init) ?? ""
                if given.isEmpty {
                    lines.say("334 ")
                    given = lines.next() ?? ""
                }
                let wanted: String = manner.login.map { Data("\0\($0.user)\0\($0.password)".utf8).base64EncodedString() } ?? ""
                isIn = given == wanted
                if isIn { state.withLock { $0.logins += 1 } }
                lines.say(isIn ? "235 welcome" : "535 who are you?")
            case "MAIL" where !isIn: lines.say("530 log in first")
            case "MAIL":
                message = Message(sender: Self.address(line))
                lines.say("250 go on")
            case "RCPT":
                let recipient: String = Self.address(line)
                if let refusal = manner.refusals[recipient] {
                    lines.say(refusal)
                } else {
                    message.recipients.append(recipient)
                    lines.say("250 go on")
                }
            case "DATA":
                lines.say("354 let us see")
                guard let bytes = lines.body() else { return }
                message.bytes = bytes
                let taken: Message = message
                if manner.verdict.hasPrefix("2") { state.withLock { $0.messages.append(taken) } }
                lines.say(manner.verdict)
            case "RSET": lines.say("250 forgotten")
            case "QUIT":
                lines.say("221 goodbye")
                return
            default: lines.say("502 what?")
            }
        }
    }

    private static func address(_ line: String) -> String {
        guard let open = line.firstIndex(of: "<"), let end = line.firstIndex(of: ">") else { return "" }
        return String(line[line.index(after: open)..<end])
    }

    private struct Lines {
        let client: Int32
        var held: [UInt8] = []

        func say(_ text: String) { try? LocalSocket.write(Array((text + "\r\n").utf8), to: client) }

        private mutating func more() -> Bool {
            let piece = LocalSocket.read(client)
            held += piece
            return !piece.isEmpty
        }

        mutating func next() -> String? {
            while true {
                if let end = held.firstRange(of: [13, 10]) {
                    let line = String(decoding: held[..<end.lowerBound], as: UTF8.self)
                    held.removeFirst(end.upperBound)
                    return line
                }
                if !more() { return nil }
            }
        }

        /// All up to the line with a dot.
        mutating func body() -> [UInt8]? {
            var bytes: [UInt8] = []
            while true {
                guard let end = held.firstRange(of: [13, 10]) else {
                    if !more() { return nil }
                    continue
                }
                let line: ArraySlice<UInt8> = held[..<end.lowerBound]
                if line.elementsEqual([46]) {
                    held.removeFirst(end.upperBound)
                    return bytes
                }
                bytes += (line.first == 46 ? line.dropFirst() : line) + [13, 10]
                held.removeFirst(end.upperBound)
            }
        }
    }
}
