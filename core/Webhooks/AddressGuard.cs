using System.Net;
using System.Net.Sockets;

namespace Serverless.Core.Webhooks;

/// <summary>Says which addresses a webhook may go to: those of the public internet, and private ones only where they are allowed.</summary>
internal static class AddressGuard
{
    // Never, not even where private networks are allowed: a cloud's own services answer with credentials there.
    private static readonly IPNetwork[] Metadata =
    [
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("fd00:ec2::/32"),
    ];

    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("fc00::/7"),
    ];

    // What IANA keeps for special purposes.
    private static readonly IPNetwork[] SpecialV4 =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("192.0.0.0/24"),
        IPNetwork.Parse("192.0.2.0/24"),
        IPNetwork.Parse("192.88.99.0/24"),
        IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"),
        IPNetwork.Parse("224.0.0.0/3"),
    ];

    // Everything outside is no unicast address of the internet: NAT64, site- and link-local, multicast.
    private static readonly IPNetwork GlobalV6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialV6 =
    [
        // Teredo among them, which carries an IPv4 address as 6to4 does.
        IPNetwork.Parse("2001::/23"),
        IPNetwork.Parse("2001:db8::/32"),
        IPNetwork.Parse("2002::/16"),
        IPNetwork.Parse("3fff::/20"),
    ];

    public static bool IsAllowed(IPAddress address, bool allowPrivate)
    {
        // IPNetwork takes an IPv4 address in IPv6's clothes now for the one and now for the other; no name needs to resolve to such.
        if (address.IsIPv4MappedToIPv6 || Contains(Metadata, address))
        {
            return false;
        }

        if (Contains(Private, address))
        {
            return allowPrivate;
        }

        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => !Contains(SpecialV4, address),
            AddressFamily.InterNetworkV6 => GlobalV6.Contains(address) && !Contains(SpecialV6, address),
            _ => false,
        };
    }

    private static bool Contains(IPNetwork[] networks, IPAddress address) => Array.Exists(networks, network => network.Contains(address));
}
