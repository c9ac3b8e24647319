//! GETCONF: which ticket servers there are, and how to behave (booking; loco-modern §3.1).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What the client is.
    Request<'a> {
        /// Network operator.
        mccmnc: Option<&'a str> = "MCCMNC",
        /// win32, mac, android ….
        os: Option<&'a str> = "os",
        /// Device model, "" on a PC.
        model: Option<&'a str> = "model",
        /// Newer clients only.
        user_id: Option<i64> = "userId",
        /// The operator of the SIM card; one client sends it.
        sim_mccmnc: Option<&'a str> = "simMCCMNC",
    }

    /// Where to go on, and the timers. A strict client wants all of it.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Of this configuration.
        revision: i32 = "revision",
        /// Timers on a mobile network.
        mobile: Option<Network> = "3g",
        /// Timers and ports elsewhere.
        wifi: Network = "wifi",
        /// The ticket servers.
        ticket: Ticket<'a> = "ticket",
        /// Video of profiles.
        profile: Option<Video> = "profile",
        /// The rest.
        etc: Option<Etc<'a>> = "etc",
        /// Media limits.
        trailer: Option<Trailer> = "trailer",
        /// Media limits of high quality; the name has a dot.
        trailer_high: Option<TrailerHigh> = "trailer.h",
    }

    /// Timers of one kind of network, in seconds unless said.
    Network {
        /// Keep in the background.
        bg_keep: i32 = "bgKeepItv",
        /// Reconnect in the background.
        bg_reconn: i32 = "bgReconnItv",
        /// Ping in the background.
        bg_ping: i32 = "bgPingItv",
        /// Ping in the foreground.
        fg_ping: i32 = "fgPingItv",
        /// A request may take.
        req_timeout: i32 = "reqTimeout",
        /// Cipher; observed 2, nobody acts on it.
        enc_type: i32 = "encType",
        /// A connect may take.
        conn_timeout: i32 = "connTimeout",
        /// A header may take.
        recv_header_timeout: i32 = "recvHeaderTimeout",
        /// A segment in may take.
        in_seg_timeout: i32 = "inSegTimeout",
        /// A segment out may take.
        out_seg_timeout: i32 = "outSegTimeout",
        /// Bytes.
        block_send_buf_size: i32 = "blockSendBufSize",
        /// Ports of the ticket servers, best first.
        ports: Vec<i32> = "ports",
    }

    /// Hosts of the ticket servers.
    Ticket<'a> {
        /// Unknown.
        ssl: Vec<&'a str> = "ssl",
        /// Unknown.
        v2sl: Vec<&'a str> = "v2sl",
        /// Usable hosts, best first.
        lsl: Vec<&'a str> = "lsl",
        /// The same over IPv6.
        lsl6: Vec<&'a str> = "lsl6",
    }

    /// Video of profiles.
    Video {
        /// Bits a second.
        bitrate: i32 = "vBitrate",
        /// Lines.
        resolution: i32 = "vResolution",
    }

    /// The rest.
    Etc<'a> {
        /// Seconds.
        write_retry_timeout: i32 = "writeRetryTimeout",
        /// Hosts.
        traceroute_host: Vec<&'a str> = "tracerouteHost",
        /// Hosts over IPv6.
        traceroute_host6: Vec<&'a str> = "tracerouteHost6",
    }

    /// Limits and formats of media.
    Trailer {
        /// Seconds.
        token_expire_time: i32 = "tokenExpireTime",
        /// Pixels.
        resolution: i32 = "resolution",
        /// Pixels.
        resolution_hd: i32 = "resolutionHD",
        /// Per cent.
        comp_ratio: i32 = "compRatio",
        /// Per cent.
        comp_ratio_hd: i32 = "compRatioHD",
        /// Unknown.
        down_mode: i32 = "downMode",
        /// Downloads at once.
        concurrent_down_limit: i32 = "concurrentDownLimit",
        /// Uploads at once.
        concurrent_up_limit: i32 = "concurrentUpLimit",
        /// Bytes.
        max_relay_size: i32 = "maxRelaySize",
        /// Bytes.
        down_check_size: i32 = "downCheckSize",
        /// Bytes of a picture.
        up_max_size: i32 = "upMaxSize",
        /// Bytes of a video.
        video_up_max_size: i32 = "videoUpMaxSize",
        /// Unknown.
        v_codec: i32 = "vCodec",
        /// Frames a second.
        v_fps: i32 = "vFps",
        /// Unknown.
        a_codec: i32 = "aCodec",
        /// Seconds.
        content_expire_time: i32 = "contentExpireTime",
        /// Lines.
        v_resolution: i32 = "vResolution",
        /// Bits a second.
        v_bitrate: i32 = "vBitrate",
        /// Hertz.
        a_frequency: i32 = "aFrequency",
    }

    /// Formats of high quality.
    TrailerHigh {
        /// Lines.
        v_resolution: i32 = "vResolution",
        /// Bits a second.
        v_bitrate: i32 = "vBitrate",
        /// Hertz.
        a_frequency: i32 = "aFrequency",
    }
}

call! { GetConf: Request<'a> => Reply<'r> }
