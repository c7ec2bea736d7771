public enum APIVersion {}
